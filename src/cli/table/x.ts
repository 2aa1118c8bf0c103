/** x: unpack. */
import type { CommandRow } from "./rows.ts";
import { ARCHIVES, CHECKSUM, COMMON, READING } from "./shared.ts";

export const X: CommandRow = {
  name: "x",
  long: "extract",
  summary: "unpack archives",
  arguments: [ARCHIVES],
  flags: [
    ...READING,
    { group: "Where", flag: "-C, --directory <dir>", text: "unpack into this folder, made if missing", completes: "folder" },
    { group: "Where", flag: "-d <dir>", text: "the same as -C", hidden: true, completes: "folder" },
    { group: "Where", flag: "-o <dir>", text: "the same as -C", hidden: true, completes: "folder" },
    { group: "Where", flag: "--into <when>", text: "make an own folder, named after the archive", choices: ["auto", "always", "never"] },
    { group: "Where", flag: "--here", text: "the same as --into never" },
    { group: "Names", flag: "--strip-components <n>", text: "leave out so many leading folders; auto: the one that all of it lies in" },
    { group: "Names", flag: "-j, --junk-paths", text: "leave out all folders" },
    { group: "Names", flag: "--transform <expression>", text: "rename: s/RE/NEW/, with g and i behind it, and \\1 and & in NEW", repeated: true },
    { group: "Where", flag: "-O, --stdout", text: "write members to standard output" },
    { group: "Existing files", flag: "-f, --force", text: "replace existing files" },
    { group: "Existing files", flag: "-n, --never", text: "keep existing files" },
    { group: "Existing files", flag: "-u, --update", text: "replace files that are older than the archive's" },
    { group: "Existing files", flag: "--overwrite <how>", text: "what to do about existing files", choices: ["ask", "always", "never", "newer", "rename", "fail"] },
    { group: "Existing files", flag: "--atomic", text: "all or nothing, also into an existing folder" },
    CHECKSUM,
    { group: "How", flag: "--delete-source", text: "then delete the archive, if all of it is in its place and verified" },
    { group: "How", flag: "--dry-run", text: "write nothing, show what would become of every entry, and exit as the run would" },
    { group: "Metadata", flag: "--no-mtime", text: "do not restore times" },
    { group: "Metadata", flag: "--no-mode", text: "do not restore permissions" },
    { group: "Metadata", flag: "--same-owner", text: "give files to those who owned them; root only, tar and cpio" },
    { group: "Metadata", flag: "--links <how>", text: "links that stay inside, or none", choices: ["safe", "skip"] },
    { group: "Metadata", flag: "--no-symlinks", text: "the same as --links skip" },
    { group: "Names", flag: "--unsafe-paths", text: 'let absolute and ".." names in, made relative' },
    ...COMMON,
  ],
  examples: [
    ["unzipx x photos.zip '*.jpg'", "only some members"],
    ["unzipx x -C out --overwrite rename a.zip", "keep both where a file exists"],
    ["curl -L https://example.org/a.tgz | unzipx x -", "from a pipe"],
    ["unzipx x -O a.zip notes.txt | less", "into a pipe"],
    ["unzipx x app-1.2.tgz -C app --strip-components auto", "without its one root folder"],
    ["unzipx x --dry-run a.zip -C out", "what would be made, replaced, refused"],
    ["unzipx l -0 a.zip | unzipx x a.zip -0 -T -", ""],
    ["unzipx x -R mails.zip '*.pdf'", "also from the archives in it"],
    ["unzipx x site.zip -C /srv/www -f --atomic", "the new site or the old one"],
    ["unzipx x a.tgz --checksum @SHA256SUMS", "only what its maker published"],
  ],
  notes: [
    "Without -C, an archive that holds more than one thing gets a folder of its own name.",
    "--atomic: whatever fails, an entry, the disk, an interruption, the folder is as it was before. What you want kept (-n, -u) and " +
      "devices, which are always skipped, are no failures. A run that was killed is undone by the next one into the same folder.",
    "--checksum: sha256, sha384, sha512 or blake2b512. @FILE needs a line for the archive, and for each part of a split one.",
    "-T names members exactly, a folder with all below it; patterns are for -i, -x and -X. A name that is nowhere is exit 11.",
    "--transform, then --strip-components or -j, change names before they are checked; members are selected by those in the archive. " +
      "RE is JavaScript's, much like that of sed -E: groups are ( ). Hard links follow, symbolic links keep their targets. Two files " +
      "that get one name are exit 6, none replaces the other. With -R each archive is renamed for itself.",
    "--dry-run decodes no content: damage in there, and a wrong password, only the run can tell.",
    "--delete-source: when the run ends with 0 and nothing was left out, or kept; with all parts of a set, never a link.",
    "With -R an archive inside becomes a folder with its contents: docs/a.zip becomes docs/a/, notes.txt.gz becomes notes.txt. " +
      "The archive itself is not kept, unless something is wrong with it. Where another entry is called docs/a, the folder is " +
      'called docs/a.zip/. Members are selected by the paths that "unzipx l -R" shows: docs/a.zip/x.txt. Only files that are ' +
      "archives by content and by name are opened: no documents (.docx), programs (.jar, .exe), disks (.img) and parts of sets.",
  ],
  gated: true,
};
