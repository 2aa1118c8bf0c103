/** The index of a zip: its central directory, entry by entry, and what of it contradicts itself. */
import { addAll } from "../../bytes/add-all.ts";
import { someOf } from "../../bytes/list.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeCp437, decodeUtf8 } from "../../text/charset.ts";
import type { DecodedNames } from "../../text/names.ts";
import type { FileSource, Index, ReadOptions } from "../contract.ts";
import { CENTRAL_FIXED, CentralDirectory, type CentralRecord } from "./central-directory.ts";
import { findExtent, type ZipExtent } from "./end-record.ts";
import { readEntry } from "./entry.ts";
import { EntryList } from "./entry-list.ts";
import { entryName, type EntryName } from "./entry-name.ts";
import { assertBeginning, setLimits } from "./ranges.ts";

export async function openZip(source: FileSource, options: ReadOptions): Promise<Index> {
  const notes: UnzipxError[] = [];
  const extent = findExtent(source, { lenient: options.lenient, notes });
  assertCount(extent.entries, options);
  const { entries, encoding, isInOrder } = await readDirectory(source, extent, options, notes);
  const place = { fd: source.fd, extent, lenient: options.lenient, notes, isInOrder };
  assertBeginning(entries, place);
  setLimits(entries, place);
  if (extent.trailing > 0) notes.push(new UnzipxError("TRAILING_DATA", `The zip archive is followed by ${extent.trailing} bytes that belong to nothing`));
  if (extent.gap > 0) notes.push(new UnzipxError("ODDITY", `${extent.gap} bytes between the central directory and its end record belong to nothing`));
  if (entries.length === 0) notes.push(new UnzipxError("ODDITY", "The zip archive is empty"));
  else if (!someOf(entries, ({ type }) => type !== "directory")) notes.push(new UnzipxError("ODDITY", "The zip archive holds folders and no file"));
  const comment = extent.comment.length > 0 ? await readComment(extent.comment, encoding) : undefined;
  if (options.facts !== undefined) [options.facts.charset, options.facts.solid] = [encoding, false];
  return { entries, comment, notes, agreeing: (number) => entries.agreeing(source.fd, number) };
}

function assertCount(entries: number, { limits }: ReadOptions): void {
  if (limits.entries === 0 || entries <= limits.entries) return;
  throw new UnzipxError("LIMIT", `Stopped: the archive says it holds ${entries} entries, the limit is ${limits.entries}`, { hint: `--max-files ${entries}` });
}

interface Directory {
  readonly entries: EntryList;
  /** Of the names, where they do not say it. */
  readonly encoding: string | undefined;
  /** As in Place. */
  readonly isInOrder: boolean;
}

/** An entry whose name is not in ASCII and does not say what it is in: only together do such names tell. */
interface Undeclared {
  readonly record: CentralRecord;
  readonly called: EntryName;
  /** Its place among the entries. */
  readonly number: number;
}

async function readDirectory(source: FileSource, extent: ZipExtent, options: ReadOptions, notes: UnzipxError[]): Promise<Directory> {
  // No record is shorter than its fixed part, whatever the end record says.
  const room = Math.max(0, extent.directoryLimit - extent.directoryStart);
  const entries = new EntryList(Math.min(extent.entries, Math.ceil(room / CENTRAL_FIXED)), extent.prefix);
  const undeclared: Undeclared[] = [];
  const reading = { prefix: extent.prefix, lenient: options.lenient, notes };
  const directory = new CentralDirectory({ fd: source.fd, start: extent.directoryStart, end: extent.directoryLimit });
  /** One record, or, if they are plain, up to `most`. */
  const readSome = (most: number): void => {
    const at = directory.reach();
    const end = entries.scan(directory.bytes, at, most);
    if (end > at) return directory.pass(end - at);
    const record = directory.read(at);
    readSpecial(record);
    directory.pass(record.length);
  };
  const readSpecial = (record: CentralRecord): void => {
    const called = entryName(record);
    if (called.name === undefined) undeclared.push({ record, called, number: entries.length });
    entries.add(called.name === undefined ? undefined : readEntry(record, called, called.name, reading));
  };
  while (entries.length < extent.entries && directory.hasNext) readSome(extent.entries - entries.length);
  // Writers without zip64 keep the lower 16 bits of the number: Java's did until version 6.
  while (!extent.isZip64 && directory.at < extent.directoryEnd && directory.hasNext) {
    readSome(1);
    assertCount(entries.length, options);
  }
  const number = entries.length;
  if (number > extent.entries && (number & 0xffff) === extent.entries) {
    notes.push(new UnzipxError("ODDITY", `The end record of the zip archive has no room for the number of its entries: it says ${extent.entries}, and there are ${number}`));
  }
  const signature = directory.signatureLength(extent.directoryEnd);
  if (signature > 0) notes.push(new UnzipxError("ODDITY", "The zip archive has a digital signature, which is not verified"));
  const isWhole = number === extent.entries || (number > extent.entries && (number & 0xffff) === extent.entries);
  if (!isWhole || directory.at + signature !== extent.directoryEnd) {
    if (!options.lenient && number < extent.entries && directory.at < extent.directoryEnd) directory.reach(); // throws: it is damaged
    disagree(options.lenient, notes, {
      expected: `${extent.entries} entries up to ${extent.directoryEnd} (end record)`, found: `${number} entries up to ${directory.at} (central directory)`,
    });
  }
  const isInOrder = entries.settle(extent.directoryStart);
  if (undeclared.length === 0) return { entries, encoding: undefined, isInOrder };
  const names = await decodeNames(undeclared.map(({ record }) => record.name), options.encoding);
  undeclared.forEach(({ record, called, number: at }, index) => {
    entries.set(at, readEntry(record, called, { text: names.texts[index]!, escaped: names.escaped[index]! }, reading));
  });
  addAll(notes, names.notes);
  return { entries, encoding: names.encoding, isInOrder };
}

function disagree(lenient: boolean, notes: UnzipxError[], sides: { readonly expected: string; readonly found: string }): void {
  if (!lenient) throw new UnzipxError("AMBIGUOUS", "Refused the zip archive: its central directory is not as large as its end record says", { ...sides, hint: "--lenient" });
  notes.push(new UnzipxError("ODDITY", "The central directory of the zip archive is not as large as its end record says: the entries that it holds are taken", sides));
}

/** As decodeLegacyNames(), which need not be loaded where all are UTF-8: that is how macOS packs. */
async function decodeNames(raw: readonly Buffer[], encoding: string | undefined): Promise<DecodedNames> {
  const texts = encoding === undefined ? raw.map(decodeUtf8) : [undefined];
  if (texts.every((text) => text !== undefined)) return { texts, escaped: texts.map(() => false), encoding: undefined, notes: [] };
  return (await import("../../text/names.ts")).decodeLegacyNames(raw, encoding);
}

/** The archive's own comment has no mark at all: UTF-8 by its looks, else in the set of the names. */
async function readComment(bytes: Uint8Array, encoding: string | undefined): Promise<string> {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  return encoding === undefined ? decodeCp437(bytes) : (await import("../../text/names.ts")).decodeName(bytes, encoding).text;
}
