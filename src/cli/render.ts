/** What a command prints: text for people, JSON for programs. stdout is data, stderr is talk. */
import { now } from "../bytes/clock.ts";
import { exitCodeOf, type Summary } from "../core/summary.ts";
import type { Listing, ListOptions } from "../core/list.ts";
import type { CreatePlan } from "../core/plan-create.ts";
import type { ExtractPlan } from "../core/plan-extract.ts";
import type { Reporter } from "../core/reporter.ts";
import { fromSystem, toPlain, type UnzipxError } from "../errors.ts";
import type { Outcome, Turns } from "../commands/common.ts";
import { printable } from "../text/printable.ts";
import { isCi, isReadByActions } from "./ci.ts";
import { plainEntry, plainFacts, plainSummary } from "./plain.ts";
import { printJson } from "./print-json.ts";
import { printError, printProblems, PRINTED } from "./problems.ts";
import type { Flags } from "./program.ts";
import { createProgressLines } from "./progress-lines.ts";
import { createProgress, type Progress } from "./progress.ts";
import { listingTable } from "./render-list.ts";
import { summarySentence } from "./render-summary.ts";
import { stderr, stdout } from "./streams.ts";
import { styleFor, type Style } from "./style.ts";
import { foldingTurns, namingReporter } from "./verbose.ts";

const COMMANDS = { x: "extract", c: "create", l: "list", t: "test" } as const;

export interface Renderer {
  readonly reporter: Reporter;
  /** For the verbs that do something with archives, for those that only plan it, and for l. */
  readonly turns: Turns<Summary>;
  readonly planning: Turns<ExtractPlan> & Turns<CreatePlan>;
  readonly listing: Turns<Listing> & Pick<ListOptions, "listed" | "refused">;
  /** The same question, with the progress bar out of its way. */
  pausing<Question, Answer>(ask: (question: Question) => Answer): (question: Question) => Answer;
  summaries(outcome: Outcome<Summary>): Promise<number>;
  listings(outcome: Outcome<Listing>): Promise<number>;
  createPlans(outcome: Outcome<CreatePlan>): Promise<number>;
  plans(outcome: Outcome<ExtractPlan>): Promise<number>;
}

/** How a run ended, and what is told of it. */
interface Ending {
  readonly code: number;
  readonly errors: readonly UnzipxError[];
  /** For the document, one each. */
  archives(): readonly object[] | Promise<readonly object[]>;
  /** Prints all but the errors. */
  text(style: Style): void | Promise<void>;
  /** What `text` has told already. */
  readonly told?: readonly UnzipxError[];
}

/** `archives` are what it is about, as the user named them. */
export async function createRenderer(flags: Flags, verb: keyof typeof COMMANDS, archives: readonly string[]): Promise<Renderer> {
  const command = COMMANDS[verb];
  const quiet = flags.quiet === true;
  const names = flags.verbose === true && !quiet && verb !== "l";
  const progress = progressFor(flags);
  const events = flags["ndjson"] === true ? (await import("./render-ndjson.ts")).startEvents(command, archives) : undefined;
  const turns: Turns<never> = names && isReadByActions(process.env, 2) ? await foldingTurns() : {};
  const reporter: Reporter = { ...progress.reporter, ...(names ? namingReporter(progress.hide) : {}) };

  const codeOf = (summaries: readonly Summary[], errors: readonly UnzipxError[], strict = false): number => {
    const code = exitCodeOf(summaries, errors, strict);
    process.exitCode = code; // also when nobody reads what follows
    return code;
  };

  const finish = async ({ code, errors, archives: documents, text, told = [] }: Ending): Promise<number> => {
    if (flags.json === true) {
      printJson({ command, exitCode: code, archives: await documents(), errors: [...errors, ...told].map(toPlain) });
    } else if (events !== undefined) {
      (await import("./render-ndjson.ts")).emitEnd(code);
    } else {
      const style = await styleFor(stderr, flags);
      await text(style);
      for (const error of errors) printError(error, style);
    }
    return code;
  };

  return {
    reporter: events === undefined ? reporter : both<Reporter>(events.reporter, reporter),
    turns: events === undefined ? turns : both(events.turns, turns),
    planning: events?.planning ?? {},
    listing: events === undefined ? {} : { ...events.listing, listed: events.listed, refused: events.refused },
    pausing: (ask) => (question) => {
      progress.hide();
      return ask(question);
    },
    async summaries(outcome) {
      progress.reporter.done();
      const { results, errors } = outcome;
      if (isClosedPipe(errors)) return 0;
      const code = codeOf(results, errors, flags["strict"] === true);
      const report = flags["sarif"] as string | undefined;
      if (report !== undefined) {
        const { sarifOf, writeSarif } = await import("./sarif.ts");
        writeSarif(report, sarifOf(outcome, code));
      }
      return finish({
        code, errors,
        archives: () => results.map(plainSummary),
        async text(style) {
          for (const summary of results) {
            if (summary.audit === undefined) printProblems(summary, style, flags);
            else if (report !== "-") await printAudit(summary, flags);
            if (!quiet && flags["stdout"] !== true) stderr.write(`${summarySentence(summary, style)}\n`);
          }
        },
      });
    },
    async listings({ results, errors }) {
      progress.reporter.done();
      return finish({
        code: codeOf(results.map(({ summary }) => summary), errors), errors,
        async archives() {
          const plainInfo = flags["info"] === true ? (await import("./list-info.ts")).plainInfo : undefined;
          return results.map((listing) => ({
            ...plainSummary(listing.summary), comment: listing.comment, ...plainFacts(listing.facts), ...(plainInfo === undefined ? { entries: Array.from(listing.entries, plainEntry) } : { info: plainInfo(listing) }),
          }));
        },
        async text(style) {
          const view = await viewFor(flags, results.length, await styleFor(stdout, flags));
          for (const listing of results) {
            for (const part of view(listing)) stdout.write(part);
            printProblems(listing.summary, style, flags);
          }
        },
      });
    },
    async plans({ results, errors }) {
      const told = results.flatMap(({ error, summary: { archive } }) => (error === undefined ? [] : [error.in({ archive })]));
      return finish({
        code: codeOf(results.filter(({ error }) => error === undefined).map(({ summary }) => summary), [...errors, ...told]), errors, told,
        archives: () => results.map(({ summary, entries }) => ({ ...plainSummary(summary), dryRun: true, entries })),
        async text(style) {
          const { planTable, planSentence } = await import("./render-plan.ts");
          for (const plan of results) {
            for (const part of planTable(plan, await styleFor(stdout, flags))) stdout.write(part);
            printProblems({ ...plan.summary, failures: [] }, style, flags); // those stand in the table
            if (plan.error !== undefined) printError(plan.error.in({ archive: plan.summary.archive }), style);
            if (!quiet) stderr.write(`${planSentence(plan, style)}\n`);
          }
        },
      });
    },
    async createPlans({ results, errors }) {
      return finish({
        code: codeOf(results.map(({ summary }) => summary), errors), errors,
        archives: () => results.map(({ summary, entries, leftOut }) => ({ ...plainSummary(summary), dryRun: true, entries, leftOut })),
        async text(style) {
          const { createPlanSentence, createPlanTable } = await import("./render-create-plan.ts");
          for (const plan of results) {
            for (const part of createPlanTable(plan, await styleFor(stdout, flags), flags.verbose === true)) stdout.write(part);
            printProblems(plan.summary, style, flags);
            if (!quiet) stderr.write(`${createPlanSentence(plan, style)}\n`);
          }
        },
      });
    },
  };
}

/** The usual table, or what the flags of l ask for instead, which is only loaded then. */
async function viewFor(flags: Flags, count: number, style: Style): Promise<(listing: Listing) => Iterable<string>> {
  if (["long", "tree", "names", "null", "info", "hash"].some((view) => flags[view] !== undefined)) return (await import("./list-views.ts")).viewOf(flags, count, style);
  return function* (listing) {
    if (count > 1) yield `${style.bold(printable(listing.summary.archive))}\n`;
    yield* listingTable(listing, style.dim, flags.quiet === true);
  };
}

/** A bar for who watches; lines where nobody does and the log is read, or where they are asked for. */
function progressFor(flags: Flags): Progress {
  const watched = stderr.isTerminal;
  const isWanted = flags.progress === "always" || (flags.progress !== "never" && flags.quiet !== true);
  if (isWanted && (isCi(process.env) || (!watched && flags.progress === "always"))) {
    return createProgressLines({ write: (line) => void stderr.write(line), now });
  }
  return createProgress(isWanted && watched);
}

/** The report is what was asked for, so it goes to standard output; what went wrong is in it. */
async function printAudit(summary: Summary, flags: Flags): Promise<void> {
  const { auditReport } = await import("./render-audit.ts");
  const style = await styleFor(stdout, flags);
  for (const line of auditReport(summary, style, { most: flags.verbose === true ? Infinity : PRINTED, explain: flags.verbose === true, onlyErrors: flags.quiet === true })) stdout.write(line);
}

/** Calls the one, then the other, where they have such a method. */
function both<One extends object>(first: Partial<One>, second: Partial<One>): One {
  const joined: Record<string, unknown> = { ...first, ...second };
  for (const [name, one] of Object.entries(first)) {
    const other = second[name as keyof One] as ((...all: unknown[]) => void) | undefined;
    if (other === undefined) continue;
    joined[name] = (...all: unknown[]): void => {
      (one as (...all: unknown[]) => void)(...all);
      other(...all);
    };
  }
  return joined as One;
}

/** Whoever read our archive from a pipe wants no more of it: no error. */
function isClosedPipe(errors: readonly UnzipxError[]): boolean {
  return errors.some(({ details: { cause } }) => (cause as NodeJS.ErrnoException | undefined)?.code === "EPIPE");
}

/** The last resort of main.ts: an error that no command turned into a result. */
export async function renderError(error: unknown, argv: readonly string[]): Promise<number> {
  const known = fromSystem(error, "read", "do what was asked");
  const flags = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (flags.includes("--ndjson")) (await import("./render-ndjson.ts")).emitEnd(known.exitCode, known);
  else if (flags.includes("--json")) printJson({ command: commandOf(argv), exitCode: known.exitCode, archives: [], errors: [toPlain(known)] });
  else printError(known, await styleFor(stderr, {}));
  return known.exitCode;
}

/** The long name of the command that was meant; undefined where that cannot be told. */
function commandOf(argv: readonly string[]): string | undefined {
  const word = argv.find((one) => !one.startsWith("-")) ?? "";
  return COMMANDS[word as keyof typeof COMMANDS] ?? [...Object.values(COMMANDS), "terms", "formats"].find((name) => name === word);
}
