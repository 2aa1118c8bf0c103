/** Facts of an archive and its entries in, findings out. It reads nothing but the first and last bytes of the archive: what it knows, t saw. */
import { readSegments } from "../../bytes/segments.ts";
import { END_RECORD, endRecordsIn } from "../../bytes/zip-end.ts";
import { UnzipxError } from "../../errors.ts";
import { FILTERS } from "../../filters/index.ts";
import type { Entry, SolidSource } from "../../formats/contract.ts";
import { TAIL_BYTES } from "../../formats/detect.ts";
import type { PathOddity } from "../../safe/path.ts";
import { DEFAULT_LIMITS, type Limits } from "../../safe/policy.ts";
import type { Place } from "../../safe/tree.ts";
import { formatCount, formatSize } from "../../text/size.ts";
import { DryRun } from "../dry-run.ts";
import type { Seen } from "../test-job.ts";
import type { Watch, Watcher } from "../watch.ts";
import { pathInside, type Level } from "../nested.ts";
import type { OpenedIndex, OpenedStream } from "../open.ts";
import { isArchiveName } from "../own-name.ts";
import { Findings, type Audit } from "./findings.ts";
import { EXPECTING, kindAt, sniff, SNIFFED, type Kind } from "./kinds.ts";
import { DOCUMENT_LIKE, extensionOf, nameFindings, NEVER_SCRIPTS } from "./names.ts";
import type { RuleId } from "./rules.ts";
import { oddText, type TextOddity } from "./text.ts";
import { RULE_OF_ODDITY, ruleOf } from "./troubles.ts";

/** What a ratio is worth telling of; a whole archive of it is a bomb. */
const TOLD_RATIO = DEFAULT_LIMITS.ratio;
const TOLD_RATIO_FROM = 16 * 1024 * 1024;
const HUGE = 8 * 1024 ** 3;
const HUGE_RATIO = 1000;
const MANY = 100_000;

export class Auditor implements Watcher {
  readonly look = "kinds";
  readonly #findings = new Findings();

  open(opened: OpenedIndex | OpenedStream, level: Level, limits: Limits): ArchiveAudit {
    return new ArchiveAudit(this.#findings, opened, level, limits);
  }

  /** An error or a note of whoever read the archive. */
  trouble(error: UnzipxError): void {
    const id = ruleOf(error);
    if (id !== undefined) this.#findings.add(id, error.details.entry, wordsOf(error));
  }

  result(): Audit {
    return this.#findings.result();
  }
}

class ArchiveAudit implements Watch {
  readonly #findings: Findings;
  readonly #level: Level;
  readonly #format: readonly string[];
  readonly #archiveBytes: number | undefined;
  /** Marked with the path: the entry itself is not kept. */
  readonly #dry: DryRun<string>;
  #entries = 0;
  /** The entry whose oddities are told just now. */
  #odd: PathOddity[] = [];

  constructor(findings: Findings, opened: OpenedIndex | OpenedStream, level: Level, limits: Limits) {
    this.#findings = findings;
    this.#level = level;
    this.#format = opened.format;
    this.#archiveBytes = opened.archiveBytes;
    this.#dry = new DryRun(opened, { limits, prefix: level.prefix, odd: (oddity) => void this.#odd.push(oddity) });
    const own = level.prefix === "" ? undefined : level.prefix.slice(0, -1);
    if (opened.file !== undefined) for (const [id, message] of shapeOf(opened.file, opened.format)) findings.add(id, own, message);
    const comment = opened.kind === "index" ? opened.index.comment : undefined;
    if (comment !== undefined && comment !== "") this.#comment(comment, own, "The archive");
  }

  entry(entry: Entry): Place | undefined {
    this.#entries += 1;
    const { path, type, mode, comment } = entry;
    const add = (id: RuleId, message: string): void => this.#add(id, path, message);
    for (const id of oddText(path, "name")) add(id, `The name ${ODD_TEXT[id]}`);
    if (entry.linkTarget !== undefined) this.#target(entry.linkTarget, path);
    if (comment !== undefined && comment !== "") this.#comment(comment, this.#path(path), "The entry");
    if (type !== "directory") for (const { id, message } of nameFindings(path)) add(id, message);
    if (mode !== undefined && mode > 0 && (type === "file" || type === "directory")) {
      if ((mode & 0o4000) !== 0) add("setuid", `The setuid bit is set (mode ${octal(mode)})`);
      if ((mode & 0o2000) !== 0) add("setgid", `The setgid bit is set (mode ${octal(mode)})`);
      if ((mode & 0o1000) !== 0) add("sticky", `The sticky bit is set (mode ${octal(mode)})`);
      if ((mode & 0o002) !== 0) add("world-writable", `Everybody may write to it (mode ${octal(mode)})`);
    }
    if (entry.encrypted) this.#encrypted(entry);
    if (type === "file") this.#size(entry);
    if (entry.refusal !== undefined) return undefined; // t tells it
    this.#odd = [];
    const claimed = this.#dry.claim(entry, path);
    for (const oddity of this.#odd) {
      const id = RULE_OF_ODDITY[oddity];
      if (id !== undefined) add(id, ODD_PATH[oddity]!);
    }
    if (!(claimed instanceof UnzipxError)) return claimed;
    this.#refused(claimed, path);
    return undefined;
  }

  content({ path }: Entry, seen: Seen | undefined): void {
    const kind = kindAt(seen?.kind ?? -1);
    const extension = extensionOf(path);
    const add = (id: RuleId, message: string): void => this.#add(id, path, message);
    if (kind === undefined) {
      if (isArchiveName(path)) add("nested-archive", "It is named like an archive");
      return;
    }
    const { nature, name } = kind;
    if (((nature === "program" || nature === "shortcut") && DOCUMENT_LIKE.has(extension)) || (nature === "script" && NEVER_SCRIPTS.has(extension))) {
      add("disguised-program", `It is ${name}, and named .${extension}`);
      return;
    }
    if (nature === "archive" && (isArchiveName(path) || !(kind.extensions.includes(extension) || EXPECTING.has(extension)))) add("nested-archive", `It is ${name}`);
    if (isMismatch(kind, extension)) add("extension-mismatch", `It is ${name}, and named .${extension}`);
  }

  target({ path }: Entry, place: Place, target: string): void {
    place.linkTarget = target;
    this.#target(target, path);
  }

  failed(place: Place): void {
    place.dropped = true;
  }

  close(): void {
    this.#dry.finish((error, path) => this.#refused(error, path));
    if (this.#entries >= MANY) this.#findings.add("many-entries", this.#level.prefix === "" ? undefined : this.#level.prefix.slice(0, -1), `The archive holds ${formatCount(this.#entries)} entries`);
  }

  #path(path: string): string {
    return pathInside(this.#level, path);
  }

  #add(id: RuleId, path: string, message: string): void {
    this.#findings.add(id, this.#path(path), message);
  }

  #refused(error: UnzipxError, path: string): void {
    const id = ruleOf(new UnzipxError(error.code, error.message, { entry: path }));
    if (id !== undefined) this.#add(id, path, wordsOf(error));
  }

  #target(target: string, path: string): void {
    for (const id of oddText(target, "name")) this.#add(id, path, `The link's target ${ODD_TEXT[id]}`);
  }

  #comment(comment: string, entry: string | undefined, whose: string): void {
    this.#findings.add("comment", entry, `${whose} has a comment of ${formatCount(comment.length)} characters`);
    for (const id of oddText(comment, "comment")) this.#findings.add(id, entry, `The comment ${ODD_TEXT[id]}`);
  }

  #encrypted({ path, method, cipher }: Entry): void {
    const how = cipher ?? (/ZipCrypto/i.test(method) ? "ZipCrypto" : this.#format.at(-1) === "arj" ? "ARJ's garbling" : undefined);
    this.#add("encrypted", path, how === undefined ? "The content is encrypted" : `The content is encrypted: ${how}`);
    if (how === "ZipCrypto" || how === "ARJ's garbling") this.#add("weak-encryption", path, `${how} can be opened without the password`);
  }

  #size({ path, size, packedSize }: Entry): void {
    if (size === undefined) return;
    if (packedSize !== undefined && packedSize > 0 && size >= TOLD_RATIO_FROM && size > packedSize * TOLD_RATIO) {
      this.#add("high-ratio", path, `${formatSize(size)} are packed in ${formatSize(packedSize)}, one to ${formatCount(Math.round(size / packedSize))}`);
    }
    if (size >= HUGE && this.#archiveBytes !== undefined && size > this.#archiveBytes * HUGE_RATIO) {
      this.#add("huge-file", path, `It says that it has ${formatSize(size)}, and the whole archive has ${formatSize(this.#archiveBytes)}`);
    }
  }
}

const ODD_TEXT: Record<TextOddity, string> = {
  "control-character": "holds control characters",
  "bidi-control": "holds characters that turn the direction of writing",
  "invisible-character": "holds characters that are not seen",
  "mixed-script": "mixes letters that look alike in different scripts",
};

const ODD_PATH: Partial<Record<PathOddity, string>> = {
  backslash: "The name holds a backslash",
  "device-name": "The name is that of a Windows device",
  "trailing-dot": "The name ends with a dot or space, which Windows drops",
  stream: "The name holds a colon, which on Windows means a stream",
  "short-name": "The name is of the short form that Windows gives to long ones",
  alike: "The name differs from another one only in case or form",
  repeated: "The file came before: this one takes its place",
};

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** The error as one sentence: what was expected and found belongs to it. */
function wordsOf({ message, details: { expected, found } }: UnzipxError): string {
  const parts = [expected === undefined ? [] : [`expected ${expected}`], found === undefined ? [] : [`found ${found}`]].flat();
  return parts.length === 0 ? message : `${message} (${parts.join(", ")})`;
}

function isMismatch({ nature, extensions }: Kind, extension: string): boolean {
  return nature !== "script" && EXPECTING.has(extension) && !extensions.includes(extension);
}

/** Formats that begin with a mark of their own: where something else stands in front, the file is that as well. */
const MARKED: ReadonlySet<string> = new Set(["zip", "7z", "rar", "rar5", "cab", "arj", "lzh", "tar"]);

/** What the file is beside the archive. */
function* shapeOf({ segments, size }: SolidSource, format: readonly string[]): Generator<readonly [RuleId, string]> {
  const head = Buffer.alloc(Math.min(SNIFFED, size));
  const kind = kindAt(sniff(head.subarray(0, readSegments(segments, head, 0))));
  if (kind !== undefined && kind.nature !== "archive" && MARKED.has(format[0]!)) {
    if (kind.nature === "program" || kind.nature === "script") yield ["self-extractor", `The file begins as ${kind.name}`];
    else yield ["polyglot", `The file begins as ${kind.name}`];
  }
  // What is only compressed may end like its content; a part of a split zip ends as one.
  if (format[0]!.startsWith("zip") || FILTERS.some(({ name }) => name === format[0])) return;
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
  readSegments(segments, tail, size - tail.length);
  // 20: the length of the comment, which is the last of a zip.
  for (const at of endRecordsIn(tail)) {
    if (at + END_RECORD + tail.readUInt16LE(at + 20) === tail.length) {
      yield ["polyglot", "The file ends as a zip archive"];
      return;
    }
  }
}
