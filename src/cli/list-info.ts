/** l --info: an archive in a few lines, without its entries. */
import { someOf } from "../bytes/list.ts";
import type { ListedEntry, Listing } from "../core/list.ts";
import { printable } from "../text/printable.ts";
import { formatCount, formatSize } from "../text/size.ts";
import { formatTime } from "../text/time.ts";
import { plainTime } from "./plain.ts";
import { commentLines, describe } from "./render-list.ts";

interface Info {
  /** How many files are compressed how; "" where the format does not tell. */
  readonly methods: Readonly<Record<string, number>>;
  /** How many entries are encrypted how. */
  readonly encryption: Readonly<Record<string, number>>;
  /** Of their contents as they lie in the archive; undefined where it does not tell for all. */
  readonly packed: number | undefined;
  /** Milliseconds since 1970. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
  /** Entries that x would refuse. */
  readonly refused: number;
}

function infoOf({ entries }: Listing): Info {
  const methods = new Map<string, number>();
  const encryption = new Map<string, number>();
  const add = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
  let [oldest, newest, refused, packed, unknown] = [Infinity, -Infinity, 0, 0, 0];
  for (const entry of entries) {
    if (entry.type === "file") add(methods, entry.method);
    if (entry.encrypted) add(encryption, cipherOf(entry));
    if (entry.refused !== undefined) refused += 1;
    if (entry.type === "file" && entry.packedSize === undefined) unknown += 1;
    packed += entry.packedSize ?? 0;
    if (entry.mtime !== undefined && !Number.isNaN(entry.mtime)) [oldest, newest] = [Math.min(oldest, entry.mtime), Math.max(newest, entry.mtime)];
  }
  return {
    methods: Object.fromEntries(methods), encryption: Object.fromEntries(encryption), packed: unknown > 0 || entries.length === 0 ? undefined : packed,
    oldest: oldest === Infinity ? undefined : oldest, newest: newest === -Infinity ? undefined : newest, refused,
  };
}

/** For JSON. */
export function plainInfo(listing: Listing): object {
  const { oldest, newest, ...rest } = infoOf(listing);
  return { ...rest, oldest: plainTime(oldest), newest: plainTime(newest) };
}

/** 7z has one cipher, and tells it among the methods. */
function cipherOf({ cipher, method }: ListedEntry): string {
  return cipher ?? (/7zAES/.test(method) ? "AES-256" : "of a kind that is not known");
}

export function* infoText(listing: Listing, dim: (text: string) => string): Generator<string> {
  const { summary, whole, facts, comment, entries } = listing;
  const info = infoOf(listing);
  const { archiveBytes, bytes, format } = summary;
  const isUnknown = someOf(entries, ({ type, size }) => type === "file" && size === undefined);
  const size = (value: number): string => `${formatCount(value)} bytes${value < 1024 ? "" : ` (${formatSize(value)})`}`;
  const counts = (all: Readonly<Record<string, number>>): string => Object.entries(all).map(([name, number]) => `${printable(name)} (${formatCount(number)})`).join(", ");
  const rows: [string, string | undefined][] = [
    ["Archive", printable(summary.archive)],
    ["Format", format.join(" + ")],
    ["Entries", describe(summary.files, summary.directories, summary.links)],
    ["Content", isUnknown ? "only unpacking tells" : size(bytes)],
    ["Packed", info.packed === undefined ? undefined : size(info.packed)],
    ["Archive size", archiveBytes === undefined ? undefined : size(archiveBytes)],
    ["Ratio", archiveBytes === undefined || bytes === 0 || isUnknown || !whole ? undefined : `${((archiveBytes / bytes) * 100).toFixed(1)} %`],
    ["Methods", counts(Object.fromEntries(Object.entries(info.methods).filter(([name]) => name !== ""))) || undefined],
    ["Encryption", counts(info.encryption) || "none"],
    ["Solid", facts?.solid === undefined ? undefined : facts.solid ? "yes" : "no"],
    ["Names", facts?.charset ?? "UTF-8"],
    ["Modified", info.oldest === undefined ? undefined : info.oldest === info.newest ? formatTime(info.oldest) : `${formatTime(info.oldest)} to ${formatTime(info.newest!)}`],
    ["Refused by x", info.refused === 0 ? undefined : formatCount(info.refused)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 1;
  for (const [label, value] of rows) if (value !== undefined) yield `${dim(`${label}:`.padEnd(width))}  ${value}\n`;
  yield* commentLines(comment, dim);
}
