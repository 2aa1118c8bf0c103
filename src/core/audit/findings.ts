/** What an audit found, in bounded memory. */
import { RULES, RULE_IDS, type RuleId, type Severity } from "./rules.ts";

export interface Finding {
  readonly id: RuleId;
  readonly severity: Severity;
  /** The entry's path, exact and untrusted; undefined: the archive as a whole. */
  readonly entry: string | undefined;
  /** One sentence; it may quote the archive, so it is untrusted as well. */
  readonly message: string;
}

export interface Audit {
  /** The worst first, then in the order of the table, then as they were found. */
  readonly findings: readonly Finding[];
  /** How many there are, also of those that are not kept. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Findings that are only counted, by rule. */
  readonly more: Readonly<Partial<Record<RuleId, number>>>;
}

/** Findings of one rule that are kept; nobody reads more. */
export const KEPT = 10_000;

const ORDER: readonly Severity[] = ["error", "warning", "note"];

export class Findings {
  readonly #byRule = new Map<RuleId, { readonly kept: Finding[]; count: number }>();

  add(id: RuleId, entry: string | undefined, message: string): void {
    const found = this.#byRule.get(id) ?? { kept: [], count: 0 };
    if (found.count === 0) this.#byRule.set(id, found);
    found.count += 1;
    if (found.kept.length < KEPT) found.kept.push({ id, severity: RULES[id].severity, entry, message });
  }

  result(): Audit {
    const findings: Finding[] = [];
    const counts = { error: 0, warning: 0, note: 0 };
    const more: Partial<Record<RuleId, number>> = {};
    for (const severity of ORDER) {
      for (const id of RULE_IDS) {
        const found = this.#byRule.get(id);
        if (found === undefined || RULES[id].severity !== severity) continue;
        for (const finding of found.kept) findings.push(finding);
        counts[severity] += found.count;
        if (found.count > found.kept.length) more[id] = found.count - found.kept.length;
      }
    }
    return { findings, counts, more };
  }
}
