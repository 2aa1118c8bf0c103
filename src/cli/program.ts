/** From the table of commands to Commander: parses, and sends the words and flags to the verb. What a flag means stands in arguments.ts. */
import { Argument, Command, CommanderError, Option } from "commander";
import { belowTheFlags } from "./help.ts";
import { stderr, stdout } from "./streams.ts";
import { prepareThreadFor } from "./thread-ahead.ts";
import { COMMANDS } from "./table/index.ts";
import { GROUPS, type CommandRow, type FlagRow } from "./table/rows.ts";
import { DESCRIPTION, EXAMPLES } from "./table/texts.ts";
import { VERSION } from "./version.ts";

/** Flags as Commander hands them over; the commands turn them into options of the core. */
export interface Flags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly color?: string;
  readonly progress?: string;
  readonly yes?: boolean;
  readonly threads?: string;
  readonly format?: string;
  readonly acceptTerms?: boolean;
  readonly [flag: string]: unknown;
}

/** Parses and runs; resolves to the exit code. */
export async function runProgram(typed: readonly string[], signal: AbortSignal): Promise<number> {
  let code = 0;
  const argv = isCluster(typed[0] ?? "") ? (await import("./cluster.ts")).withoutCluster(typed) : typed;
  const program = new Command("unzipx")
    .description(DESCRIPTION)
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: () => {}, // render.ts prints it
      writeOut: (text) => stdout.write(text),
      getOutHelpWidth: () => (stdout.isTerminal ? stdout.stream.columns : 80),
      getOutHasColors: () => stdout.isTerminal,
    })
    .addHelpText("after", ({ command }) => belowTheFlags({ examples: EXAMPLES, notes: ["unzipx COMMAND --help shows the flags of a command."] }, widthOf(command)));
  const asked = argv.find((word) => !word.startsWith("-"));
  for (const row of COMMANDS) {
    const command = program.command(row.name).description(row.summary);
    if (row.long !== undefined) command.alias(row.long);
    if (asked === row.name || asked === row.long) addWords(command, row); // those of the others are in nobody's way
    command.action(async (...all: unknown[]) => {
      code = await run(row, argv, all, signal);
    });
  }
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // help was asked for
    if (error.code === "commander.help") return 7; // no command: the help was shown
    throw (await import("./usage-error.ts")).usageError(error, typed, asked);
  }
  return code;
}

/** "xzf", "-cf": tar's letters, whatever files there are. */
function isCluster(word: string): boolean {
  return /^-?(?=.*[xct])(?=.*f)[a-zA-Z]+$/.test(word) && !COMMANDS.some(({ name, long }) => word === name || word === long);
}

function addWords(command: Command, row: CommandRow): void {
  for (const { name, text, choices, otherwise } of row.arguments) {
    const argument = new Argument(name, text);
    if (choices !== undefined) argument.choices(choices);
    if (otherwise !== undefined) argument.default(otherwise);
    command.addArgument(argument);
  }
  for (const group of GROUPS) for (const flag of row.flags) if (flag.group === group) command.addOption(optionOf(flag));
  command.addHelpOption(new Option("-h, --help", "show help").helpGroup("General:"));
  command.addHelpText("after", () => belowTheFlags(row, widthOf(command)));
}

function optionOf({ flag, text, group, choices, repeated, hidden, conflicts }: FlagRow): Option {
  const option = new Option(flag, text).helpGroup(`${group}:`);
  if (choices !== undefined) option.choices(choices);
  if (repeated) option.argParser((value: string, before: string[] = []) => [...before, value]);
  if (hidden) option.hideHelp();
  if (conflicts !== undefined) option.conflicts([...conflicts]);
  return option;
}

/** `all` is what Commander gives an action: the arguments, the flags, the command. */
async function run({ name, long, gated }: CommandRow, argv: readonly string[], all: readonly unknown[], signal: AbortSignal): Promise<number> {
  const flags = all.at(-2) as Flags;
  const words = all.slice(0, -2).flat().filter((one) => one !== undefined) as string[];
  // Commander drops the "--" itself; the words behind it are the last of all.
  const dash = argv.indexOf("--");
  const behind = dash < 0 ? 0 : argv.length - dash - 1;
  prepareThreadFor(name, words, flags); // first of all: it takes as long as all that follows
  if (gated) {
    const [{ requireTerms }, { printable }] = await Promise.all([import("./terms.ts"), import("../text/printable.ts")]);
    await requireTerms({
      acceptFlag: flags.acceptTerms === true, env: process.env,
      warn: (message) => void stderr.write(`unzipx: warning: ${printable(message.charAt(0).toLowerCase() + message.slice(1))}\n`), write: (text) => void stderr.write(text),
      columns: () => stderr.stream.columns,
    });
  }
  const verb = (long ?? name) as keyof typeof import("./verbs/index.ts");
  return (await import("./verbs/index.ts"))[verb](words.slice(0, words.length - behind), words.slice(words.length - behind), flags, signal);
}

function widthOf(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? 80;
}
