/** What the runner and the process that does the work say to each other. */
import type { Plan } from "./targets.ts";

export type Request =
  | { readonly kind: "range"; readonly target: string; readonly seed: number; readonly from: number; readonly count: number }
  | { readonly kind: "plan"; readonly plan: Plan }
  | { readonly kind: "bytes"; readonly name: string; readonly password: string | undefined; readonly base64: string; readonly also: Plan["also"] };

export interface Report {
  readonly kind: "finding";
  readonly plan: Plan;
  readonly faults: readonly string[];
}

export interface Done {
  readonly kind: "done";
  /** Cases, and verbs run on them. */
  readonly cases: number;
  readonly operations: number;
  /** Exit codes of x to how often they came up. */
  readonly exits: Readonly<Record<string, number>>;
  /** MiB above what was there before the case, at its highest. */
  readonly memory: number;
  /** Of a single case. */
  readonly faults: readonly string[];
  /** The process wants to be replaced: it has grown. */
  readonly tired: boolean;
}

export type Answer = Report | Done;

export interface Settings {
  /** The project. */
  readonly root: string;
  /** A folder of the process's own. */
  readonly work: string;
  readonly corpus: string | undefined;
  readonly seeds: string | undefined;
}
