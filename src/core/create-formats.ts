/** Which formats can be made, and how a file's name asks for them. */
import { UnzipxError } from "../errors.ts";
import { brotli } from "../filters/brotli.ts";
import { bzip2 } from "../filters/bzip2.ts";
import { gzip } from "../filters/gzip.ts";
import { FILTERS } from "../filters/index.ts";
import { lz4 } from "../filters/lz4.ts";
import { xz } from "../filters/xz.ts";
import { zstd } from "../filters/zstd.ts";
import type { Filter } from "../formats/contract.ts";
import { CONTAINERS } from "../formats/index.ts";

/** By what is behind the dot. Each makes two formats: "xz", which holds one file, and "tar.xz". */
const STREAMS = { gz: gzip, bz2: bzip2, xz, zst: zstd, lz4, br: brotli } as const satisfies Readonly<Record<string, Filter>>;
type Stream = keyof typeof STREAMS;

export type WritableFormat = "zip" | "7z" | "tar" | `tar.${Stream}` | Stream;

interface WritableInfo {
  /** None: it holds one file. */
  readonly container?: "zip" | "7z" | "tar";
  /** Around the container, or around the one file. */
  readonly filter?: Filter;
  /** The first one is used when a name has to be made. */
  readonly extensions: readonly string[];
  /** The level where none is asked for; absent = 6. */
  readonly usualLevel?: number | undefined;
}

const streams = Object.entries<Filter>(STREAMS).flatMap(([name, filter]): [string, WritableInfo][] => {
  const { extensions, usualLevel } = filter;
  return [
    [`tar.${name}`, { container: "tar", filter, extensions: inTar(filter), usualLevel }],
    [name, { filter, extensions, usualLevel }],
  ];
});

export const FORMATS: Readonly<Record<WritableFormat, WritableInfo>> = {
  zip: {
    container: "zip",
    extensions: [".zip", ".jar", ".war", ".ear", ".apk", ".whl", ".epub", ".cbz", ".xpi", ".vsix", ".nupkg", ".docx", ".xlsx", ".pptx"],
  },
  "7z": { container: "7z", extensions: [".7z"], usualLevel: 5 }, // as with 7-Zip: level 6 needs twice the memory
  tar: { container: "tar", extensions: [".tar"] },
  ...(Object.fromEntries(streams) as Record<Stream | `tar.${Stream}`, WritableInfo>),
};

export const WRITABLE_FORMATS = Object.keys(FORMATS) as readonly WritableFormat[];

/** From the outside in, by the names of filters and containers. */
export function chainOf(format: WritableFormat): readonly string[] {
  const { filter, container } = FORMATS[format];
  return [filter?.name, container].filter((one) => one !== undefined);
}

/** What to make instead of what is only read, by its name; of containers that are not here: a zip. */
const INSTEAD: Readonly<Record<string, WritableFormat>> = { lzip: "xz", lzma: "xz", compress: "gz", lzop: "lz4", snappy: "lz4", cpio: "tar", ar: "tar", deb: "tar", rpm: "tar" };

/** The format that an archive's name asks for; the longest extension decides, so ".tar.gz" comes before ".gz". */
export function formatForName(name: string): WritableFormat {
  const writable = longest(WRITABLE_FORMATS.map((format) => ({ format, extension: endOf(name, FORMATS[format].extensions) })));
  const readOnly = longest(readOnlyExtensions().map(({ format, extensions }) => ({ format, extension: endOf(name, extensions) })));
  if (readOnly.extension.length > writable.extension.length) {
    const stem = name.slice(0, -readOnly.extension.length);
    throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot create "${name}": ${readOnly.extension} can be read but not written`, {
      archive: name,
      hint: `unzipx c ${stem}${FORMATS[readOnly.format].extensions[0]} INPUT…`,
    });
  }
  if (writable.extension !== "") return writable.format;
  throw new UnzipxError("USAGE", `Cannot create "${name}": its name does not say which format it is to be`, {
    archive: name,
    expected: WRITABLE_FORMATS.map((format) => FORMATS[format].extensions[0]).join(", "),
    hint: `unzipx c ${name}.zip INPUT…`,
  });
}

/** Each with what to make instead. */
function readOnlyExtensions(): { readonly format: WritableFormat; readonly extensions: readonly string[] }[] {
  const written = new Set(WRITABLE_FORMATS.flatMap(chainOf));
  const rows = CONTAINERS.filter(({ name }) => !written.has(name)).map(({ name, extensions }) => ({ format: INSTEAD[name] ?? "zip", extensions }));
  for (const filter of FILTERS) {
    if (written.has(filter.name)) continue;
    const format = INSTEAD[filter.name] ?? "gz";
    rows.push({ format, extensions: filter.extensions }, { format: format in STREAMS ? `tar.${format as Stream}` : format, extensions: inTar(filter) });
  }
  return rows;
}

/** ".tar.gz", and what stands for it. */
function inTar({ extensions, tarExtensions }: Filter): readonly string[] {
  return [...extensions.map((extension) => `.tar${extension}`), ...tarExtensions];
}

interface Match {
  readonly format: WritableFormat;
  /** "" = none. */
  readonly extension: string;
}

function longest(matches: readonly Match[]): Match {
  return matches.reduce((best, match) => (match.extension.length > best.extension.length ? match : best));
}

/** The longest one that the name ends with. A name that is nothing but an extension has none. */
function endOf(name: string, extensions: readonly string[]): string {
  const lower = name.toLowerCase();
  return extensions.filter((extension) => lower.endsWith(extension.toLowerCase()) && lower.length > extension.length && !/[/\\]$/.test(name.slice(0, -extension.length)))
    .reduce((best, one) => (one.length > best.length ? one : best), "");
}
