/** t: verify every byte. */
import type { CommandRow } from "./rows.ts";
import { ARCHIVES, CHECKSUM, COMMON, READING } from "./shared.ts";

export const T: CommandRow = {
  name: "t",
  long: "test",
  summary: "verify every byte",
  arguments: [ARCHIVES],
  flags: [
    ...READING,
    CHECKSUM,
    { group: "How", flag: "--audit", text: "tell what to know before opening it: names, links, disguises, bombs, encryption …" },
    { group: "How", flag: "--strict", text: "warnings fail: exit 1 at least" },
    { group: "Output", flag: "--sarif <file>", text: 'the audit as SARIF 2.1.0; "-" is standard output', completes: "file" },
    ...COMMON,
  ],
  examples: [
    ["unzipx t photos.zip", ""],
    ["unzipx t --audit mail-attachment.zip", "exit 6 if there are errors"],
    ["unzipx t -R --audit --strict delivery.7z", "also inside, nothing odd"],
    ["unzipx t --sarif report.sarif photos.zip", "for code scanning"],
  ],
  notes: [
    "An error of the audit is what x refuses, or what is made to deceive, such as a program called invoice.pdf.exe; a warning is harmless to " +
      "unpack, and worth a look before it is used; a note is good to know. docs/AUDIT.md lists all rules.",
  ],
  gated: true,
};
