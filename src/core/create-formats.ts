/** Which formats can be made, and how a file's name asks for them. */
import { UnzipxError } from "../errors.ts";

export type WritableFormat = "zip" | "tar" | "tar.gz" | "gz";

interface WritableInfo {
  /** From the outside in, by the names of filters and containers. */
  readonly chain: readonly string[];
  readonly extensions: readonly string[];
}

export const FORMATS: Readonly<Record<WritableFormat, WritableInfo>> = {
  zip: {
    chain: ["zip"],
    extensions: [".zip", ".jar", ".war", ".ear", ".apk", ".whl", ".epub", ".cbz", ".xpi", ".vsix", ".nupkg", ".docx", ".xlsx", ".pptx"],
  },
  tar: { chain: ["tar"], extensions: [".tar"] },
  "tar.gz": { chain: ["gzip", "tar"], extensions: [".tar.gz", ".tgz", ".taz"] },
  gz: { chain: ["gzip"], extensions: [".gz"] },
};

export const WRITABLE_FORMATS = Object.keys(FORMATS) as readonly WritableFormat[];

/** Known, but only read; by what to make instead. */
const READ_ONLY: Readonly<Record<WritableFormat, readonly string[]>> = {
  zip: [".7z", ".rar", ".cab", ".iso", ".lzh", ".lha", ".arj", ".wim", ".dmg"],
  tar: [".cpio", ".ar", ".deb", ".rpm"],
  "tar.gz": [
    ".tar.xz", ".txz", ".tar.bz2", ".tbz", ".tbz2", ".tar.zst", ".tzst", ".tar.lz4", ".tlz4", ".tar.br", ".tar.lz", ".tlz", ".tar.lzma", ".tar.z", ".tar.lzo",
  ],
  gz: [".xz", ".bz2", ".zst", ".lz4", ".br", ".lz", ".lzma", ".z", ".lzo"],
};

/** The format that an archive's name asks for; the longest extension decides, so ".tar.gz" comes before ".gz". */
export function formatForName(name: string): WritableFormat {
  const writable = WRITABLE_FORMATS.map((format) => ({ format, extension: endOf(name, FORMATS[format].extensions) }));
  const readOnly = WRITABLE_FORMATS.map((format) => ({ format, extension: endOf(name, READ_ONLY[format]) }));
  const best = longest(writable);
  const known = longest(readOnly);
  if (known.extension.length > best.extension.length) {
    const stem = name.slice(0, -known.extension.length);
    throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot create "${name}": ${known.extension} can be read but not written`, {
      archive: name,
      hint: `unzipx c ${stem}${FORMATS[known.format].extensions[0]} INPUT…`,
    });
  }
  if (best.extension !== "") return best.format;
  throw new UnzipxError("USAGE", `Cannot create "${name}": its name does not say which format it is to be`, {
    archive: name,
    expected: WRITABLE_FORMATS.map((format) => FORMATS[format].extensions[0]).join(", "),
    hint: `unzipx c ${name}.zip INPUT…`,
  });
}

interface Match {
  readonly format: WritableFormat;
  /** "" = none. */
  readonly extension: string;
}

function longest(matches: readonly Match[]): Match {
  return matches.reduce((best, match) => (match.extension.length > best.extension.length ? match : best));
}

/** A name that is nothing but an extension has none. */
function endOf(name: string, extensions: readonly string[]): string {
  const lower = name.toLowerCase();
  return extensions.find((extension) => lower.endsWith(extension) && lower.length > extension.length && !/[/\\]$/.test(name.slice(0, -extension.length))) ?? "";
}
