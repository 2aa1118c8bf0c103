/** The only module that prints results: text for people, JSON for programs. stdout is data, stderr is talk. */
import { join, relative } from "node:path";
import type { ChalkInstance } from "chalk";
import { now } from "../bytes/clock.ts";
import { exitCodeOf, type Summary } from "../core/summary.ts";
import type { Listing, ListOptions } from "../core/list.ts";
import type { CreatePlan } from "../core/plan-create.ts";
import type { LeftOut } from "../core/left-out.ts";
import type { ExtractPlan } from "../core/plan-extract.ts";
import type { Reporter } from "../core/reporter.ts";
import { fromSystem, toPlain, type UnzipxError } from "../errors.ts";
import type { Outcome, Turns } from "../commands/common.ts";
import { printable, printableJson } from "../text/printable.ts";
import { formatCount, formatSize } from "../text/size.ts";
import { isCi, isReadByActions } from "./ci.ts";
import { DOCUMENT_SCHEMA, plainEntry, plainFacts, plainSummary } from "./plain.ts";
import type { Flags } from "./program.ts";
import { createProgress, type Progress } from "./progress.ts";
import { listingTable } from "./render-list.ts";
import { stderr, stdout, type Output } from "./streams.ts";
import type { TermsState } from "./terms.ts";

/** Errors of one kind that are printed before the rest is only counted. */
const PRINTED = 10;

export type Style = Pick<ChalkInstance, "red" | "yellow" | "green" | "dim" | "bold" | "cyan"> & {
  /** A problem as a line of its own for who runs us; undefined: there is only a reader. */
  readonly annotation?: ((kind: "error" | "warning", text: string) => string) | undefined;
};
const same = (text: string): string => text;
const PLAIN = { red: same, yellow: same, green: same, dim: same, bold: same, cyan: same } as unknown as Style;

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

/** `archives` are what it is about, as the user named them. */
export async function createRenderer(flags: Flags, verb: keyof typeof COMMANDS, archives: readonly string[]): Promise<Renderer> {
  const quiet = flags.quiet === true;
  const progress = await progressFor(flags);
  const events = flags["ndjson"] === true ? (await import("./render-ndjson.ts")).startEvents(COMMANDS[verb], archives) : undefined;
  const folds = flags.verbose === true && !quiet && verb !== "l" && isReadByActions(process.env, 2);
  const turns: Turns<never> = folds ? await foldingTurns() : {};
  const told: Reporter = {
    ...progress.reporter,
    ...(flags.verbose === true && !quiet && verb !== "l"
      ? {
          entry(path) {
            progress.hide();
            stderr.write(`${printable(path)}\n`);
          },
          leftOut(path, why) {
            progress.hide();
            stderr.write(`left out: ${printable(path)} (${LEFT_OUT_BY[why]})\n`);
          },
        }
      : {}),
  };
  const reporter = events === undefined ? told : both<Reporter>(events.reporter, told);
  return {
    reporter,
    turns: events === undefined ? turns : both(events.turns, turns),
    planning: events?.planning ?? {},
    listing: events === undefined ? {} : { ...events.listing, listed: events.listed, refused: events.refused },
    pausing: (ask) => (question) => {
      progress.hide();
      return ask(question);
    },
    async summaries(outcome) {
      progress.reporter.done();
      if (isClosedPipe(outcome.errors)) return 0;
      const code = exitCodeOf(outcome.results, outcome.errors, flags["strict"] === true);
      process.exitCode = code; // also when nobody reads what follows
      const report = flags["sarif"] as string | undefined;
      if (report !== undefined) {
        const { sarifOf, writeSarif } = await import("./sarif.ts");
        writeSarif(report, sarifOf(outcome, code));
      }
      if (flags.json === true) {
        printJson({ command: COMMANDS[verb], exitCode: code, archives: outcome.results.map(plainSummary), errors: outcome.errors.map(toPlain) });
        return code;
      }
      if (events !== undefined) return endEvents(code);
      const style = await styleFor(stderr, flags);
      for (const summary of outcome.results) {
        if (summary.audit === undefined) printProblems(summary, style, flags);
        else if (report !== "-") await printAudit(summary, flags);
        if (!quiet && flags["stdout"] !== true) stderr.write(`${sentenceOf(summary, style)}\n`);
      }
      for (const error of outcome.errors) printError(error, style);
      return code;
    },
    async listings(outcome) {
      progress.reporter.done();
      const code = exitCodeOf(outcome.results.map(({ summary }) => summary), outcome.errors);
      process.exitCode = code;
      if (flags.json === true) {
        const plainInfo = flags["info"] === true ? (await import("./list-info.ts")).plainInfo : undefined;
        const archives = outcome.results.map((listing) => ({
          ...plainSummary(listing.summary), comment: listing.comment, ...plainFacts(listing.facts), ...(plainInfo === undefined ? { entries: listing.entries.map(plainEntry) } : { info: plainInfo(listing) }),
        }));
        printJson({ command: COMMANDS[verb], exitCode: code, archives, errors: outcome.errors.map(toPlain) });
        return code;
      }
      if (events !== undefined) return endEvents(code);
      const style = await styleFor(stderr, flags);
      const tableStyle = await styleFor(stdout, flags);
      const view = await viewFor(flags, outcome.results.length, tableStyle);
      for (const listing of outcome.results) {
        for (const part of view(listing)) stdout.write(part);
        printProblems(listing.summary, style, flags);
      }
      for (const error of outcome.errors) printError(error, style);
      return code;
    },
    async plans(outcome) {
      const stopped = outcome.results.flatMap(({ error, summary: { archive } }) => (error === undefined ? [] : [error.in({ archive })]));
      const errors = [...outcome.errors, ...stopped];
      const code = exitCodeOf(outcome.results.filter(({ error }) => error === undefined).map(({ summary }) => summary), errors);
      process.exitCode = code;
      if (flags.json === true) {
        const archives = outcome.results.map(({ summary, entries }) => ({ ...plainSummary(summary), dryRun: true, entries }));
        printJson({ command: COMMANDS[verb], exitCode: code, archives, errors: errors.map(toPlain) });
        return code;
      }
      if (events !== undefined) return endEvents(code);
      const { planTable, planSentence } = await import("./render-plan.ts");
      const style = await styleFor(stderr, flags);
      for (const plan of outcome.results) {
        for (const part of planTable(plan, await styleFor(stdout, flags))) stdout.write(part);
        printProblems({ ...plan.summary, failures: [] }, style, flags); // those stand in the table
        if (plan.error !== undefined) printError(plan.error.in({ archive: plan.summary.archive }), style);
        if (!quiet) stderr.write(`${planSentence(plan, style)}\n`);
      }
      for (const error of outcome.errors) printError(error, style);
      return code;
    },
    async createPlans(outcome) {
      const code = exitCodeOf(outcome.results.map(({ summary }) => summary), outcome.errors);
      process.exitCode = code;
      if (flags.json === true) {
        const archives = outcome.results.map(({ summary, entries, leftOut }) => ({ ...plainSummary(summary), dryRun: true, entries, leftOut }));
        printJson({ command: COMMANDS[verb], exitCode: code, archives, errors: outcome.errors.map(toPlain) });
        return code;
      }
      if (events !== undefined) return endEvents(code);
      const { createPlanSentence, createPlanTable } = await import("./render-create-plan.ts");
      const style = await styleFor(stderr, flags);
      for (const plan of outcome.results) {
        for (const part of createPlanTable(plan, await styleFor(stdout, flags), flags.verbose === true)) stdout.write(part);
        printProblems(plan.summary, style, flags);
        if (!quiet) stderr.write(`${createPlanSentence(plan, style)}\n`);
      }
      for (const error of outcome.errors) printError(error, style);
      return code;
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
async function progressFor(flags: Flags): Promise<Progress> {
  const watched = stderr.isTerminal;
  const isWanted = flags.progress === "always" || (flags.progress !== "never" && flags.quiet !== true);
  if (isWanted && (isCi(process.env) || (!watched && flags.progress === "always"))) {
    return (await import("./progress-lines.ts")).createProgressLines({ write: (line) => void stderr.write(line), now });
  }
  return createProgress(isWanted && watched);
}

/** The names of -v can be folded away, archive by archive. */
async function foldingTurns(): Promise<Turns<never>> {
  const { group, GROUP_END } = await import("./github.ts");
  const end = (): void => void stderr.write(GROUP_END);
  return { begin: (archive) => void stderr.write(group(printable(archive))), end, fail: end };
}

async function endEvents(exitCode: number): Promise<number> {
  (await import("./render-ndjson.ts")).emitEnd(exitCode);
  return exitCode;
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

/** The flag that says so. */
export const LEFT_OUT_BY = { excluded: "-x", hidden: "--no-hidden", junk: "--no-junk", gitignore: "-g" } as const satisfies Record<LeftOut, string>;

const COMMANDS = { x: "extract", c: "create", l: "list", t: "test" } as const;

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

export function printTermsText(text: string, flags: Flags): number {
  if (flags.json === true) printJson({ command: "terms", text });
  else stdout.write(text);
  return 0;
}

export function printTerms(state: TermsState & { revoked?: boolean }, flags: Flags): number {
  if (flags.json === true) {
    printJson({ command: "terms", ...state });
    return 0;
  }
  const lines = state.revoked === true ? ["The acceptance was deleted."]
    : state.accepted ? [`The terms are accepted: version ${state.version}, ${state.acceptedAt}, by ${HOW[state.how ?? "command"]}.`]
    : state.version !== undefined ? [`The terms are not accepted: version ${state.version} was, version ${state.currentVersion} is current.`]
    : ["The terms are not accepted."];
  const where = state.revoked === true ? "It was stored in" : state.version === undefined ? "An acceptance would be stored in" : "Stored in";
  stdout.write(`${[...lines, `${where}: ${printable(state.file)}`].join("\n")}\n`);
  return 0;
}

const HOW = { prompt: "an answer on the terminal", flag: "--accept-terms", command: "unzipx terms accept" };

export function printJson(document: object): void {
  stdout.write(`${printableJson(JSON.stringify({ schema: DOCUMENT_SCHEMA, ...document }, undefined, 2))}\n`);
}

function printProblems(summary: Summary, style: Style, flags: Flags): void {
  const print = (errors: readonly UnzipxError[], one: (error: UnzipxError) => void): void => {
    const most = flags.verbose === true ? Infinity : PRINTED;
    errors.slice(0, most).forEach(one);
    if (errors.length > most) stderr.write(style.dim(`unzipx: … and ${errors.length - most} more; -v shows all\n`));
  };
  const where = { archive: summary.archive };
  if (flags.quiet !== true) print(summary.warnings, (warning) => {
    const text = `${sentence(warning.in(where))}${detail(warning)}`;
    stderr.write(style.annotation?.("warning", text) ?? `unzipx: ${style.yellow("warning:")} ${lowerFirst(text)}\n`);
  });
  let hinted: string | undefined;
  print(summary.failures, (error) => {
    const { hint } = error.details;
    printError(error.in(where), style, { again: hint === hinted });
    hinted = hint;
  });
}

/** The report is what was asked for, so it goes to standard output; what went wrong is in it. */
async function printAudit(summary: Summary, flags: Flags): Promise<void> {
  const { auditReport } = await import("./render-audit.ts");
  const style = await styleFor(stdout, flags);
  for (const line of auditReport(summary, style, { most: flags.verbose === true ? Infinity : PRINTED, explain: flags.verbose === true, onlyErrors: flags.quiet === true })) stdout.write(line);
}

/** `unzipx: <action> <subject>: <state>`, what was expected and found, and a hint that can be typed, unless the error before said it (`again`). */
function printError(error: UnzipxError, style: Style, { again = false } = {}): void {
  const { hint, left } = error.details;
  if (style.annotation !== undefined) {
    stderr.write(style.annotation("error", `${sentence(error)}${detail(error)}${hint === undefined ? "" : `\nhint: ${printable(hint)}`}`));
    return;
  }
  stderr.write(`unzipx: ${style.red(lowerFirst(sentence(error)))}${detail(error)}\n`);
  if (left !== undefined && error.code !== "LEFT_BEHIND") stderr.write(`unzipx: ${style.yellow("warning:")} the temporary ${printable(`"${left}"`)} could not be removed\n`);
  if (hint !== undefined && !again) stderr.write(`${style.cyan("hint:")} ${printable(hint)}\n`);
}

function detail({ details: { expected, found } }: UnzipxError): string {
  const parts = [expected === undefined ? [] : [`expected ${expected}`], found === undefined ? [] : [`found ${found}`]].flat();
  return parts.length === 0 ? "" : printable(` (${parts.join(", ")})`);
}

/** The sentence with the entry's name in the place of "an entry" or "a link". */
function sentence(error: UnzipxError): string {
  const { entry, archive } = error.details;
  let text = error.message;
  if (entry !== undefined) {
    const named = `"${entry}"`;
    const placed = text.replace(/\b(an entry|a link|a hard link)\b/, () => named);
    text = placed === text && !text.includes(named) ? `${text}: ${named}` : placed;
  }
  if (archive !== undefined && archive !== "-" && !text.includes(`"${archive}"`)) text = `${text.replace(/^(Cannot read )the (zip|tar) archive/, `$1"${archive}"`)}`;
  if (archive !== undefined && !text.includes(archive)) text = `${text} [${archive}]`;
  return printable(text);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function sentenceOf(summary: Summary, style: Style): string {
  const things = [count(summary.files, "file"), ...(summary.links > 0 ? [count(summary.links, "link")] : []), ...(summary.directories > 0 && summary.files === 0 ? [count(summary.directories, "folder")] : [])].join(", ");
  const time = `${(summary.elapsed / 1000).toFixed(summary.elapsed < 9950 ? 2 : 0)} s`;
  const skipped = summary.skipped > 0 ? `, ${summary.skipped} left as they were` : "";
  const failed = summary.failures.length > 0;
  const mark = failed ? style.red("✗") : style.green("✓");
  switch (summary.action) {
    case "extract":
      if (summary.untouched === "atomic") return `${mark} nothing was extracted: with --atomic it is all or nothing`;
      if (summary.destination === undefined) return `${mark} nothing was extracted: a new folder appears whole or not at all\nhint: mkdir DIR && unzipx x ${printable(summary.archive)} -C DIR, to keep what can be read`;
      return `${mark} ${failed ? "extracted what could be read" : "extracted"}: ${things}, ${formatSize(summary.bytes)} ${whereTo(summary.destination, summary.onlyRoot)} in ${time}${skipped}`;
    case "create": {
      const { archiveBytes = 0, bytes } = summary;
      if (summary.destination === undefined && summary.archive !== "-") return `${mark} nothing was created`;
      const ratio = bytes > archiveBytes ? ` (${((archiveBytes / bytes) * 100).toFixed(1)} %)` : "";
      return `${mark} created ${printable(summary.archive === "-" ? "an archive" : summary.archive)}: ${things}, ${formatSize(bytes)} → ${formatSize(archiveBytes)}${ratio} in ${time}${summary.skipped > 0 ? `, ${formatCount(summary.skipped)} left out` : ""}`;
    }
    case "test":
      return `${mark} ${printable(summary.archive)}: ${failed ? count(summary.failures.length, "problem") : summary.audit === undefined ? "no errors" : "the content is whole"}, ${things}, ${formatSize(summary.bytes)} verified in ${time}`;
    case "list":
      return "";
  }
}

/** What was made, as closely as one name can say it. */
function whereTo(destination: string, onlyRoot: string | undefined): string {
  if (onlyRoot === undefined) return `into ${printable(shortPath(destination))}`;
  const place = printable(shortPath(join(destination, onlyRoot)));
  return onlyRoot.endsWith("/") ? `into ${place}/` : `as ${place}`;
}

/** As a person would type it from here. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}

export function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? "" : "s"}`;
}

/** Colours only where somebody sees them, and chalk is only loaded for them. */
export async function styleFor(output: Output, flags: Flags): Promise<Style> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const wanted = flags.color === "always" ? true
    : flags.color === "never" ? false
    : NO_COLOR !== undefined && NO_COLOR !== "" ? false
    : FORCE_COLOR !== undefined && FORCE_COLOR !== "0" ? true
    : output.isTerminal && TERM !== "dumb";
  const style = wanted ? new (await import("chalk")).Chalk({ level: 1 }) : PLAIN;
  if (output !== stderr || !isReadByActions(process.env, 2)) return style;
  const { red, yellow, green, dim, bold, cyan } = style;
  return { red, yellow, green, dim, bold, cyan, annotation: (await import("./github.ts")).annotation };
}
