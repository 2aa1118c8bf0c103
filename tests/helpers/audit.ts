/** t --audit in this process: an archive in, what was found out. */
import type { Audit } from "../../src/core/audit/findings.ts";
import type { RuleId } from "../../src/core/audit/rules.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { exitCodeOf, type Summary } from "../../src/core/summary.ts";
import { test as verify, type TestOptions } from "../../src/core/test.ts";
import { DEFAULT_LIMITS } from "../../src/safe/policy.ts";
import { sandbox } from "./cli.ts";

export interface Audited {
  readonly code: number;
  readonly summary: Summary;
  readonly audit: Audit;
  /** Entries by rule; "" is the archive itself. */
  readonly found: Partial<Record<RuleId, string[]>>;
}

export async function audited(bytes: Uint8Array, { name = "archive", ...options }: Partial<TestOptions> & { readonly name?: string } = {}): Promise<Audited> {
  const where = sandbox();
  const summary = await verify(where.file(name, bytes), { limits: DEFAULT_LIMITS, lenient: false, selection: EVERYTHING, threads: 1, reporter: {}, audit: true, ...options });
  const found: Partial<Record<RuleId, string[]>> = {};
  for (const { id, entry = "" } of summary.audit!.findings) (found[id] ??= []).push(entry);
  return { code: exitCodeOf([summary]), summary, audit: summary.audit!, found };
}
