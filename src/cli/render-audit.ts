/** The report of t --audit: the worst first, rule by rule, and how many of each at the end. */
import type { Finding } from "../core/audit/findings.ts";
import { RULES, type RuleId, type Severity } from "../core/audit/rules.ts";
import type { Summary } from "../core/summary.ts";
import { printable } from "../text/printable.ts";
import { count, formatCount } from "../text/size.ts";

export interface AuditStyle {
  red(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

export interface AuditOptions {
  /** Findings of one rule that are printed before the rest is only counted. */
  readonly most: number;
  /** Say also why each rule matters. */
  readonly explain: boolean;
  readonly onlyErrors: boolean;
}

export function* auditReport({ archive, audit }: Summary, style: AuditStyle, { most, explain, onlyErrors }: AuditOptions): Generator<string> {
  if (audit === undefined) return;
  const colour: Record<Severity, (text: string) => string> = { error: style.red, warning: style.yellow, note: style.cyan };
  for (const [id, findings] of grouped(audit.findings)) {
    const { severity, about, help } = RULES[id];
    if (onlyErrors && severity !== "error") continue;
    yield `${colour[severity](`${severity}:`)} ${about} ${style.dim(`[${id}]`)}\n`;
    if (explain) yield `  ${style.dim(help)}\n`;
    for (const finding of findings.slice(0, most)) yield `  ${lineOf(finding)}\n`;
    const rest = findings.length - Math.min(most, findings.length) + (audit.more[id] ?? 0);
    if (rest > 0) yield `  ${style.dim(`… and ${formatCount(rest)} more${findings.length > most ? "; -v shows more" : ""}`)}\n`;
  }
  yield `${style.bold(`${printable(archive)}: ${countLine(audit.counts)}`)}\n`;
}

function grouped(findings: readonly Finding[]): Map<RuleId, Finding[]> {
  const groups = new Map<RuleId, Finding[]>();
  for (const finding of findings) {
    const group = groups.get(finding.id);
    if (group === undefined) groups.set(finding.id, [finding]);
    else group.push(finding);
  }
  return groups;
}

function lineOf({ entry, message }: Finding): string {
  return printable(entry === undefined ? message : `"${entry}": ${message}`);
}

function countLine(counts: Readonly<Record<Severity, number>>): string {
  const parts = (["error", "warning", "note"] as const).filter((severity) => counts[severity] > 0).map((severity) => count(counts[severity], severity));
  return parts.length === 0 ? "nothing to tell" : parts.join(", ");
}
