/** What archives are called: the folder that one gets, and whether a file inside another one is meant to be unpacked too. */
import { basename } from "node:path";
import { FILTERS } from "../filters/index.ts";
import { formatOfName } from "../formats/detect.ts";

/** The folder that an archive gets of its own: its name without the extensions; never the archive's very name. */
export function ownName(archive: string): string {
  if (archive === "-") return "archive";
  const name = basename(archive);
  let stem = name;
  for (let format = formatOfName(stem); format !== undefined; format = formatOfName(stem)) {
    const extensions = [...format.extensions, ...("tarExtensions" in format ? format.tarExtensions : [])];
    const extension = extensions.find((one) => stem.toLowerCase().endsWith(one.toLowerCase()));
    if (extension === undefined || extension.length === stem.length) break;
    stem = stem.slice(0, -extension.length);
  }
  return stem === name || /^\.*$/.test(stem) ? `${name}-extracted` : stem;
}

/**
 * Of the containers' extensions those that say nothing but "archive". The others are those of documents (.docx, .epub, .doc),
 * programs (.jar, .apk, .exe, .msi, .pkg), libraries (.a, .whl) and disks (.img, .vmdk): who has one wants to keep it.
 */
export const ARCHIVE_EXTENSIONS: readonly string[] = [
  ".zip", ".zipx", ".tar", ".cpio", ".ar", ".7z", ".rar", ".lzh", ".lha", ".lzs", ".cab", ".arj", ".wim", ".xar", ".iso",
];

const COMPRESSED = FILTERS.flatMap(({ extensions, tarExtensions }) => [...extensions, ...tarExtensions]).map((one) => one.toLowerCase());

/** Parts of a set: one alone is no archive. */
const PART = /\.part\d+\.rar$/i;

/** Whether a file of this name is to be unpacked where it is found in an archive, if that is what it is. A name that is nothing but an extension says nothing. */
export function isArchiveName(path: string): boolean {
  const name = basename(path).toLowerCase();
  return !PART.test(name) && [...ARCHIVE_EXTENSIONS, ...COMPRESSED].some((one) => name.endsWith(one) && name.length > one.length);
}
