/** l: show what is inside. */
import type { CommandRow } from "./rows.ts";
import { ARCHIVES, COMMON, READING } from "./shared.ts";

export const L: CommandRow = {
  name: "l",
  long: "list",
  summary: "show what is inside",
  arguments: [ARCHIVES],
  flags: [...READING, ...COMMON],
  examples: [
    ["unzipx l photos.zip", ""],
    ["unzipx l backup.7z 'src/**' -x '*.log'", "only some members"],
    ["unzipx l -R mails.zip", "also what the archives in it hold"],
  ],
  notes: ['"*" behind a name: it is encrypted. "✗": x would refuse it, and why; content is not looked at for that. With --lenient, as x --lenient.'],
  gated: true,
};
