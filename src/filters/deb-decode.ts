/** The data member of a Debian package (deb(5)), and that the other members are what they have to be. */
import { AR_HEADER, AR_MAGIC, decodeArMember, type ArMember } from "../bytes/ar-member.ts";
import { BlockReader } from "../bytes/block-reader.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, Warn } from "../formats/contract.ts";
import { beginsWith, OLD_START } from "./deb.ts";

const WHAT = "the Debian package";
/** "2.0\n"; other minor versions and further lines may come, says deb(5), but no more than a few. */
const VERSION_BYTES = 1024;

/** Ends normally only when all members were there in their order, and the data member was whole. */
export async function* decodeDeb(input: Bytes, warn: Warn): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  try {
    await takeStart(reader);
    let control = false;
    for (;;) {
      const member = await takeMember(reader);
      if (member === undefined) throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it ends in front of its data member`);
      const name = nameOf(member);
      // "_" is for those who put members of their own in between.
      const isData = isPart(name, "data.tar");
      if (!isData && !name.startsWith("_")) {
        if (control || !isPart(name, "control.tar")) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: a member is not the one that belongs there`, { expected: control ? "data.tar" : "control.tar", found: name });
        control = true;
      }
      if (!isData) {
        await skipMember(reader, member);
        continue;
      }
      if (!control) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its data comes before its control member`);
      yield* reader.pieces(member.size);
      if (member.size % 2 === 1) await reader.take(1);
      return await checkRest(reader, warn);
    }
  } finally {
    await reader.close();
  }
}

/** The magic of ar and the first member, which holds the version of the format. */
async function takeStart(reader: BlockReader): Promise<void> {
  if (beginsWith(await reader.peek(OLD_START.length), OLD_START)) {
    throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read ${WHAT}: it is in the format 0.939000, which Debian gave up in 1995`, { hint: "dpkg-deb --extract PACKAGE DIR" });
  }
  const magic = await reader.take(AR_MAGIC.length);
  if (magic !== undefined && !AR_MAGIC.every((byte, i) => magic[i] === byte)) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it does not begin like one`);
  const first = await takeMember(reader);
  if (first !== undefined && nameOf(first) !== "debian-binary") throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its first member is not "debian-binary"`);
  const text = first && (await reader.take(Math.min(first.size, VERSION_BYTES)));
  if (first === undefined || text === undefined) throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it is cut off`);
  const version = Buffer.from(text).toString("latin1");
  if (first.size > VERSION_BYTES || !/^2\.[0-9]+\n/.test(version)) {
    throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read ${WHAT}: its format is of another version`, { expected: "2.0", found: JSON.stringify(version.slice(0, 20)) });
  }
  if (first.size % 2 === 1) await reader.skip(1);
}

/** Members behind the data are nothing to us (signatures), but a second one of the name would be another reading of the package. */
async function checkRest(reader: BlockReader, warn: Warn): Promise<void> {
  for (;;) {
    const start = await reader.peek(AR_HEADER);
    if (start.length === 0) return;
    // What ends like a header is one, and must be whole; anything else is no part of the package.
    if (start[58] !== 0x60 || start[59] !== 0x0a) break;
    const member = (await takeMember(reader))!;
    if (isPart(nameOf(member), "data.tar")) throw new UnzipxError("AMBIGUOUS", `Refused ${WHAT}: it has two data members`, { hint: "--format ar" });
    await skipMember(reader, member);
  }
  const end = reader.position;
  for await (const _ of reader.rest());
  warn(new UnzipxError("TRAILING_DATA", `The Debian package is followed by ${reader.position - end} bytes that were not read`));
}

async function takeMember(reader: BlockReader): Promise<ArMember | undefined> {
  const { position } = reader;
  const header = await reader.take(AR_HEADER);
  return header === undefined ? undefined : decodeArMember(header, position);
}

async function skipMember(reader: BlockReader, { size }: ArMember): Promise<void> {
  await reader.skip(size);
  if (size % 2 === 1) await reader.take(1); // behind the last one it may be missing
}

/** dpkg writes no slash behind names, other writers of ar do. */
function nameOf({ name }: ArMember): string {
  return name.replace(/\/$/, "");
}

/** "data.tar" with or without the extension of a compression; which one, the content will say. */
function isPart(name: string, part: string): boolean {
  return name === part || name.startsWith(`${part}.`);
}
