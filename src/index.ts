/** The library: the verbs of the command line without its talk. Never asks, never prints, never ends the process. */
export { UnzipxError, type ErrorCode, type ErrorDetails } from "./errors.ts";
export type { Entry, EntryType } from "./formats/contract.ts";
export type { Reporter } from "./core/reporter.ts";
export type { Summary } from "./core/summary.ts";
export { createSelection, EVERYTHING, type Selection } from "./core/select.ts";
export { DEFAULT_LIMITS, DEFAULT_POLICY, NO_LIMITS, type Limits, type Policy } from "./safe/policy.ts";
export { extract, type ExtractOptions } from "./core/extract.ts";
export { create, type CreateOptions } from "./core/create.ts";
export { planCreate, type CreatePlan, type PlannedInput } from "./core/plan-create.ts";
export type { LeftOut } from "./core/left-out.ts";
export { list, type ListedEntry, type Listing, type ListOptions } from "./core/list.ts";
export type { Audit, Finding } from "./core/audit/findings.ts";
export type { RuleId, Severity } from "./core/audit/rules.ts";
export { test, type TestOptions } from "./core/test.ts";
