/** The Commander tree: names, flags, help. What a flag means stands in the commands. */
import { Command, CommanderError, Option } from "commander";
import { UnzipxError } from "../errors.ts";
import { printable } from "../text/printable.ts";
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

const EXIT_CODES = `
Exit codes:
  0 done and verified   1 warnings   2 failed   3 damaged   4 terms not accepted   5 target exists
  6 unsafe, refused   7 wrong usage   8 memory   9 no input   11 no match   12 limit   50 disk full
  51 truncated   81 unsupported   82 password   130, 143 interrupted`;

/** Parses and runs; resolves to the exit code. */
export async function runProgram(argv: readonly string[], signal: AbortSignal): Promise<number> {
  let code = 0;
  const program = new Command("unzipx")
    .description("Packs, unpacks, lists and tests archives.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // render.ts prints it
    .addHelpText("after", `
Examples:
  unzipx x photos.zip                 unpack; into a folder of its own if it holds more than one thing
  unzipx x site.tar.gz -C /srv/www    unpack into a folder
  unzipx c backup.tar.gz notes src    pack
  unzipx l photos.zip                 show what is inside
  unzipx t photos.zip                 verify every byte
${EXIT_CODES}`);

  const action = (command: Command, verb: keyof typeof import("./verbs.ts"), gated = true): void => {
    command.action(async (...all: unknown[]) => {
      const flags = all.at(-2) as Flags;
      const words = all.slice(0, -2).flat().filter((one) => one !== undefined) as string[];
      // Commander drops the "--" itself; the words behind it are the last of all.
      const dash = argv.indexOf("--");
      const behind = dash < 0 ? 0 : argv.length - dash - 1;
      if (gated) {
        const { requireTerms } = await import("./terms.ts");
        await requireTerms({
          acceptFlag: flags.acceptTerms === true, env: process.env,
          warn: (message) => void process.stderr.write(`unzipx: warning: ${printable(message)}\n`), write: (text) => void process.stderr.write(text),
        });
      }
      code = await (await import("./verbs.ts"))[verb](words.slice(0, words.length - behind), words.slice(words.length - behind), flags, signal);
    });
  };

  action(
    reading(common(program.command("x").alias("extract").description("unpack archives").argument("<archive...>", 'archives, then members; "-" is standard input')))
      .option("-C, --directory <dir>", "unpack into this folder, made if missing")
      .addOption(new Option("-d <dir>").hideHelp())
      .addOption(new Option("-o <dir>").hideHelp())
      .addOption(new Option("--into <when>", "make an own folder, named after the archive").choices(["auto", "always", "never"]))
      .option("--here", "the same as --into never")
      .option("-f, --force", "replace existing files")
      .option("-n, --never", "keep existing files")
      .option("-u, --update", "replace files that are older than the archive's")
      .addOption(new Option("--overwrite <how>", "what to do about existing files").choices(["ask", "always", "never", "newer", "rename", "fail"]))
      .option("--atomic", "all or nothing, also into an existing folder")
      .addOption(checksumOption())
      .option("-O, --stdout", "write members to standard output")
      .option("--no-mtime", "do not restore times")
      .option("--no-mode", "do not restore permissions")
      .addOption(new Option("--links <how>", "links that stay inside, or none").choices(["safe", "skip"]))
      .option("--no-symlinks", "the same as --links skip")
      .option("--unsafe-paths", 'let absolute and ".." names in, made relative')
      .addHelpText("after", `
Examples:
  unzipx x photos.zip '*.jpg'                 only some members
  unzipx x -C out --overwrite rename a.zip    keep both where a file exists
  curl -L https://example.org/a.tgz | unzipx x -
  unzipx x -O a.zip notes.txt | less
  unzipx x -R mails.zip '*.pdf'               also from the archives in it
  unzipx x site.zip -C /srv/www -f --atomic   the new site or the old one, and never a mixture
  unzipx x a.tgz --checksum @SHA256SUMS       only if it is what its maker published

--atomic: whatever fails, an entry, the disk, an interruption, the folder is as it was before. What you want kept (-n, -u) and
devices, which are always skipped, are no failures. A run that was killed is undone by the next one into the same folder.
--checksum: sha256, sha384, sha512 or blake2b512. @FILE needs a line for the archive, and for each part of a split one.

With -R an archive inside becomes a folder with its contents: docs/a.zip becomes docs/a/, notes.txt.gz becomes notes.txt.
The archive itself is not kept, unless something is wrong with it. Where another entry is called docs/a, the folder is
called docs/a.zip/. Members are selected by the paths that "unzipx l -R" shows: docs/a.zip/x.txt. Only files that are
archives by content and by name are opened: no documents (.docx), programs (.jar, .exe), disks (.img) and parts of sets.`),
    "extract",
  );
  const create = common(program.command("c").alias("create").description("pack files into a new archive")
    .argument("<out>", 'the archive; its name tells the format; "-" is standard output').argument("<input...>", "files and folders"));
  for (let level = 0; level <= 9; level++) create.addOption(new Option(`-${level}`, level === 6 ? "level 6, the default" : `level ${level}`).hideHelp());
  action(
    create
      .option("--level <n>", "0 (store) to 9 (smallest); -0 to -9 for short")
      .option("--fast", "the same as -1")
      .option("--best", "the same as -9")
      .option("-C, --directory <dir>", "inputs are relative to this folder")
      .option("-f, --force", "replace an existing archive")
      .option("-x, --exclude <glob>", "leave out", collect)
      .option("-L, --dereference", "store what links lead to")
      .option("--reproducible", "the same input gives the same bytes")
      .option("-e, --encrypt", "encrypt the contents, not the names, with AES-256 (zip, 7z)")
      .option("--encrypt-names", "with -e: the names as well (7z)")
      .addOption(new Option("--encrypt-method <how>", "how -e encrypts; zipcrypto is broken").choices(["aes256", "zipcrypto"]))
      .addOption(new Option("--method <name>", "how a zip compresses").choices(["deflate", "zstd", "store"]))
      .option("-s, --split <size>", "parts of at most this size: OUT.z01, OUT.z02 … OUT.zip, or OUT.7z.001 …")
      .addHelpText("after", `
Examples:
  unzipx c site.zip public
  unzipx c -9 backup.tar.gz notes src
  unzipx c - --format tar.gz src | ssh host 'cat > src.tgz'`),
    "create",
  );
  action(
    reading(common(program.command("l").alias("list").description("show what is inside").argument("<archive...>", "archives, then members")))
      .addHelpText("after", `
"*" behind a name: it is encrypted. "✗": x would refuse it, and why; content is not looked at for that. With --lenient, as x --lenient.`),
    "list",
  );
  action(
    reading(common(program.command("t").alias("test").description("verify every byte").argument("<archive...>", "archives, then members")))
      .addOption(checksumOption())
      .option("--audit", "tell what to know before opening it: names, links, disguises, bombs, encryption …")
      .option("--sarif <file>", 'the audit as SARIF 2.1.0; "-" is standard output')
      .option("--strict", "warnings fail: exit 1 at least")
      .addHelpText("after", `
Examples:
  unzipx t photos.zip
  unzipx t --audit mail-attachment.zip        errors, warnings and notes; exit 6 if there are errors
  unzipx t -R --audit --strict delivery.7z    also inside of archives in it, and nothing may be odd
  unzipx t --sarif report.sarif *.zip

An error is what x refuses, or what is made to deceive, such as a program called invoice.pdf.exe; a warning is harmless to
unpack, and worth a look before it is used; a note is good to know. docs/AUDIT.md lists all rules.`),
    "test",
  );
  action(
    program.command("terms").description("the terms of use").addOption(new Option("--json", "as JSON"))
      .argument("[action]", "show, accept, status or revoke", "show"),
    "terms",
    false,
  );
  action(
    program.command("formats").description("what is read and written").addOption(new Option("--json", "as JSON")),
    "formats",
    false,
  );

  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // help was asked for
    if (error.code === "commander.help") return 7; // no command: the help was shown
    throw new UnzipxError("USAGE", sentence(error.message), { hint: "unzipx --help" });
  }
  return code;
}

/** "error: unknown option '--fo'\n(Did you mean --format?)" → one sentence. */
function sentence(message: string): string {
  const [first = "", ...more] = message.replace(/^error: /, "").split("\n");
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}${more.length > 0 ? ` ${more.join(" ")}` : ""}`;
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function common(command: Command): Command {
  return command
    .option("-q, --quiet", "say nothing but errors")
    .option("-v, --verbose", "name every entry")
    .option("--json", "one JSON document at the end")
    .addOption(new Option("--color <when>", "colours").choices(["auto", "always", "never"]))
    .addOption(new Option("--progress <when>", "the progress bar").choices(["auto", "always", "never"]))
    .option("-y, --yes", "answer every question with yes, but not the terms")
    .option("--threads <n>", "threads to work with")
    .option("--format <name>", "the format, against what the content or the name says")
    .option("--password-file <file>", "the password is this file's first line")
    .option("--password-stdin", "the password is standard input's first line")
    .option("-p, --password <password>", "the password, visible to others: better the two above, or the terminal")
    .option("--accept-terms", "accept the terms of use");
}

function checksumOption(): Option {
  return new Option("--checksum <digest>", "only if the archive's bytes match: sha256:HEX, or @FILE as sha256sum writes it");
}

/** What x, l and t have in common. */
function reading(command: Command): Command {
  return command
    .option("-i, --include <glob>", "only these members", collect)
    .option("-x, --exclude <glob>", "not these members", collect)
    .option("-R, --recursive", "archives inside the archive as well")
    .option("--depth <n>", "with -R: so many levels of them at most (8)")
    .option("--ignore-case", "globs match in any case")
    .option("--max-size <size>", "bytes of content at most")
    .option("--max-files <n>", "entries at most")
    .option("--max-ratio <n>", "content to archive at most")
    .option("--max-depth <n>", "folders in one path at most")
    .option("--max-memory <size>", "memory for one decoder's dictionary at most")
    .option("--max-stall <seconds>", "time in which a decoder neither reads nor writes at most")
    .option("--no-limits", "none of these limits")
    .option("--encoding <name>", "character set of names that do not tell theirs, or auto")
    .option("--lenient", "where two readings of the archive disagree, take one");
}
