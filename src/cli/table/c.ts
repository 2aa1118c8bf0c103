/** c: pack. */
import type { CommandRow, FlagRow } from "./rows.ts";
import { COMMON } from "./shared.ts";

const LEVELS: readonly FlagRow[] = Array.from({ length: 10 }, (_, level) =>
  ({ group: "How", flag: `-${level}`, text: level === 6 ? "level 6, the default" : `level ${level}`, hidden: true }));

export const C: CommandRow = {
  name: "c",
  long: "create",
  summary: "pack files into a new archive",
  arguments: [
    { name: "<out>", text: 'the archive; its name tells the format; "-" is standard output', completes: "writable" },
    { name: "[input...]", text: "files and folders", completes: "file" },
  ],
  flags: [
    { group: "What", flag: "-x, --exclude <glob>", text: "leave out", repeated: true },
    { group: "What", flag: "-g, --gitignore", text: "leave out what git ignores, and .git" },
    { group: "What", flag: "--no-hidden", text: "leave out names that begin with a dot" },
    { group: "What", flag: "--no-junk", text: "leave out .DS_Store, ._*, __MACOSX, Thumbs.db and desktop.ini" },
    { group: "What", flag: "-T, --files-from <file>", text: 'pack what this file names, one a line; "-" is standard input', repeated: true, completes: "file" },
    { group: "What", flag: "--null", text: "the names in -T end with a NUL" },
    { group: "What", flag: "-L, --dereference", text: "store what links lead to" },
    { group: "Where", flag: "-C, --directory <dir>", text: "inputs are relative to this folder", completes: "folder" },
    { group: "Where", flag: "-f, --force", text: "replace an existing archive" },
    { group: "Where", flag: "-s, --split <size>", text: "parts of at most this size: OUT.z01, OUT.z02 … OUT.zip, or OUT.7z.001 …" },
    ...LEVELS,
    { group: "How", flag: "--level <n>", text: "0 (store) to 9 (smallest); -0 to -9 for short" },
    { group: "How", flag: "--fast", text: "the same as -1" },
    { group: "How", flag: "--best", text: "the same as -9" },
    { group: "How", flag: "--method <name>", text: "how a zip compresses", choices: ["deflate", "zstd", "store"] },
    { group: "How", flag: "--reproducible", text: "the same input gives the same bytes" },
    { group: "How", flag: "--dry-run", text: "write nothing, show what would be packed, and exit as the run would" },
    { group: "Names", flag: "--prefix <dir>", text: "put all entries into this folder of the archive" },
    { group: "Metadata", flag: "--mtime <date>", text: "the time of all entries: 2026-11-25, 2026-11-25T22:30:00Z, @SECONDS" },
    { group: "Encryption", flag: "-e, --encrypt", text: "encrypt the contents, not the names, with AES-256 (zip, 7z)" },
    { group: "Encryption", flag: "--encrypt-names", text: "with -e: the names as well (7z)" },
    { group: "Encryption", flag: "--encrypt-method <how>", text: "how -e encrypts; zipcrypto is broken", choices: ["aes256", "zipcrypto"] },
    ...COMMON,
  ],
  examples: [
    ["unzipx c site.zip public", ""],
    ["unzipx c -9 backup.tar.gz notes src", "smaller, slower"],
    ["unzipx c -e secret.7z notes", "asks for the password"],
    ["unzipx c - --format tar.gz src | ssh host 'cat > src.tgz'", ""],
    ["unzipx c -g app.zip --prefix app-1.0 .", "what belongs to the project, in a folder"],
    ["git ls-files -z | unzipx c src.tgz -T - --null", "what a list names"],
  ],
  notes: [
    "-x, -g, --no-hidden and --no-junk hold for named inputs as well; -v names what they leave out. -g goes by the .gitignore files " +
      "from the top of the repository down and by its .git/info/exclude, not by your own settings of git; what git tracks in spite of them is left out too.",
    "-T: a folder in the list brings what is in it, and nothing is packed twice.",
    "--reproducible sorts the entries, stores no owners, and permissions as 755 or 644. All have the time of --mtime, or else of SOURCE_DATE_EPOCH, " +
      "or else 1980-01-01. A date without a zone is in UTC.",
  ],
  gated: true,
};
