/** l: show what is inside. */
import type { CommandRow, FlagRow } from "./rows.ts";
import { ARCHIVES, COMMON, READING } from "./shared.ts";

/** How it is shown: one of them, and JSON has all of it anyway. */
const VIEWS: readonly FlagRow[] = [
  { group: "Output", flag: "-l, --long", text: "also mode, owner and method", conflicts: ["tree", "names", "info", "hash"] },
  { group: "Output", flag: "--tree", text: "as a tree of folders", conflicts: ["names", "info", "hash", "json", "ndjson"] },
  { group: "Output", flag: "-1, --names", text: "names only, one a line", conflicts: ["info", "hash", "json", "ndjson"] },
  { group: "Output", flag: "-0, --null", text: "names only, exact, with a NUL behind each; the names in -T end so as well" },
  { group: "Output", flag: "--info", text: "the archive in a few lines, without its entries", conflicts: ["hash", "ndjson"] },
  { group: "Output", flag: "--hash <algorithm>", text: "verify, and show the digest of every file", choices: ["sha256"] },
  { group: "Output", flag: "--sort <by>", text: "by name; or the largest, newest, best compressed first", choices: ["name", "size", "date", "ratio"], conflicts: ["ndjson"] },
];

export const L: CommandRow = {
  name: "l",
  long: "list",
  summary: "show what is inside",
  arguments: [ARCHIVES],
  flags: [...READING.filter(({ flag }) => !flag.startsWith("-0")), ...VIEWS, ...COMMON],
  examples: [
    ["unzipx l photos.zip", ""],
    ["unzipx l backup.7z 'src/**' -x '*.log'", "only some members"],
    ["unzipx l -R mails.zip", "also what the archives in it hold"],
    ["unzipx l -l --sort size backup.tar.zst", "the largest first"],
    ["unzipx l --info *.7z", "what kind of archives they are"],
    ["unzipx l -0 a.zip '*.log' | xargs -0 unzipx x a.zip --", "names for another program"],
    ["unzipx l --hash sha256 a.tgz > SUMS", "for sha256sum -c, where a.tgz was unpacked"],
  ],
  notes: ['"*" behind a name: it is encrypted. "✗": x would refuse it, and why; content is not looked at for that. With --lenient, as x --lenient.'],
  gated: true,
};
