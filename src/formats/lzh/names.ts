/** The paths of all entries, decoded together: names without a mark of their character set are evidence for each other. */
import { UnzipxError } from "../../errors.ts";
import { encodingName } from "../../text/codepages.ts";
import { decodeLegacyNames, decodeName } from "../../text/names.ts";
import type { ReadOptions } from "../contract.ts";
import type { Header } from "./header.ts";

/** Between components: in extended headers, and in the names that programs for Macintosh and Unix wrote into the header itself. */
const SEPARATOR = 0xff;
/** Systems where a backslash is part of a name: Unix, OS-9, Amiga, Macintosh, BeOS. */
const WITHOUT_BACKSLASH = /^[UK9AmX]$/;
const UTF8_PAGE = 65001;

export interface Path {
  /** With "/" between components. */
  readonly text: string;
  readonly escaped: boolean;
  readonly comment: string | undefined;
}

/** @throws {UnzipxError} USAGE when `options.encoding` is none that is known */
export function pathsOf(headers: readonly Header[], options: ReadOptions): Path[] {
  const raw = headers.map(rawOf);
  const unmarked = raw.filter((_, at) => pageOf(headers[at]!) === undefined);
  const { texts, escaped, encoding, notes } = decodeLegacyNames(unmarked.map(({ bytes }) => bytes), options.encoding);
  for (const note of notes) options.warn(note);
  if (options.facts !== undefined) [options.facts.charset, options.facts.solid] = [encoding, false];
  let next = 0;
  return headers.map((header, at): Path => {
    const page = pageOf(header);
    const { before, bytes, behind, comment } = raw[at]!;
    const decoded = page === undefined ? { text: texts[next]!, escaped: escaped[next++]! } : decodeName(bytes, page);
    if (page !== undefined && decoded.escaped) options.warn(new UnzipxError("ODDITY", `A name holds bytes that are no ${page}: they are written as %XX`, { entry: decoded.text }));
    let text = before + decoded.text + behind;
    // Half of a surrogate pair cannot be written in UTF-8: its two bytes are kept as those of other sets are.
    const halves = /\p{Surrogate}/u.test(text);
    if (halves) text = text.replace(/\p{Surrogate}/gu, (half) => Buffer.from(half, "utf16le").toString("hex").toUpperCase().replace(/../g, "%$&"));
    // Only now: the second byte of a character in Shift_JIS may be 0x5C as well.
    // In level 0 it is the separator whatever the system, as LHa for Unix writes it, unless there is the other one.
    if (!WITHOUT_BACKSLASH.test(header.system) || (header.level === 0 && !text.includes("/"))) text = text.replaceAll("\\", "/");
    return { text, escaped: decoded.escaped || halves, comment: comment === undefined ? undefined : decodeName(comment, page ?? encoding).text };
  });
}

interface Raw {
  /** What is Unicode already, in front of the bytes and behind them. */
  readonly before: string;
  readonly bytes: Buffer;
  readonly behind: string;
  readonly comment: Buffer | undefined;
}

function rawOf(header: Header): Raw {
  const { directory = "", name = "" } = header;
  let [before, behind] = ["", ""];
  const pieces: Buffer[] = [];
  if (typeof directory === "string") before = ended(directory.replaceAll("\uffff", "/"));
  else pieces.push(withSlashes(directory), Buffer.from(directory.length === 0 || directory.at(-1) === SEPARATOR || directory.at(-1) === 0x2f ? "" : "/"));
  let { comment } = header;
  if (typeof name === "string") behind = name.replaceAll("\uffff", "/");
  else {
    // Amiga programs keep a comment behind a NUL; for all others the name ends there as well.
    const end = name.indexOf(0);
    pieces.push(withSlashes(end < 0 ? name : name.subarray(0, end)));
    if (end >= 0 && end + 1 < name.length) comment ??= name.subarray(end + 1);
  }
  return { before, bytes: Buffer.concat(pieces), behind, comment };
}

function ended(directory: string): string {
  return directory === "" || directory.endsWith("/") ? directory : `${directory}/`;
}

function withSlashes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte === SEPARATOR ? 0x2f : byte)));
}

/** The character set that the header itself tells of; undefined where it tells none that is known here. */
function pageOf({ codepage }: Header): string | undefined {
  if (codepage === undefined) return undefined;
  return codepage === UTF8_PAGE ? "UTF-8" : encodingName(`cp${codepage}`) ?? encodingName(String(codepage));
}
