/** The library. It never asks, never prints, never ends the process, and loads nothing before it is needed. */
export { UnzipxError, type ErrorCode, type ErrorDetails } from "./errors.ts";
export { IncompleteError } from "./api/outcome.ts";
export { extract, type ExtractOptions } from "./api/extract.ts";
export { create, type CreateInput, type CreateOptions, type NewEntry, type WritableFormat } from "./api/create.ts";
export { list, type ListOptions } from "./api/list.ts";
export { test, type TestOptions } from "./api/test.ts";
export { open, type Archive, type OpenOptions } from "./api/open.ts";
export type { ArchiveEntry } from "./api/entry.ts";
export type { ArchiveSource, WebStream } from "./api/source.ts";
export type { DoneEntry, Progress } from "./api/progress.ts";
export type { Password } from "./api/reading.ts";
export type { Entry, EntryType } from "./formats/contract.ts";
export type { Limits } from "./safe/policy.ts";
export type { Summary } from "./core/summary.ts";
export type { Listing } from "./api/list.ts";
export type { ListedEntry } from "./core/list.ts";
export type { Audit, Finding } from "./core/audit/findings.ts";
export type { RuleId, Severity } from "./core/audit/rules.ts";
