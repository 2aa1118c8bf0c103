/** All rules of `t --audit`: text, JSON, SARIF and docs/AUDIT.md are made from this table. An id never changes its meaning. */

/** error: x refuses it, or it is made to deceive. warning: harmless to unpack, and worth a look before using it. note: good to know. */
export type Severity = "error" | "warning" | "note";

export interface Rule {
  readonly severity: Severity;
  /** What it is, in one line. */
  readonly about: string;
  /** Why it matters, and what to do. */
  readonly help: string;
}

export const RULES = {
  // Where data lands
  "path-traversal": { severity: "error", about: 'A name climbs out of the folder with ".."', help: "An extractor that believes such a name writes outside of its folder. x refuses the entry." },
  "absolute-path": { severity: "error", about: "A name is an absolute path", help: "It would be written to that place of the system and not into the folder. x refuses the entry." },
  "drive-letter": { severity: "error", about: "A name begins with a drive letter", help: "On Windows it means another drive, or that drive's current folder. x refuses the entry on every system." },
  "unc-path": { severity: "error", about: "A name is a network or device path of Windows", help: "Opening it may send the user's credentials to a server. x refuses the entry on every system." },
  "unsafe-name": { severity: "error", about: "A name cannot be a path: empty, with a NUL, or too long", help: "Programs cut or change such names, each in its own way. x refuses the entry." },
  "path-too-deep": { severity: "error", about: "A path has more folders than the limit allows", help: "Deep trees cannot be removed by many tools. x refuses the entry unless --max-depth is raised." },
  "link-escape": { severity: "error", about: "A symbolic link leads out of the folder", help: "Whoever reads or writes through it reaches files outside. x refuses the link." },
  "hardlink-escape": { severity: "error", about: "A hard link leads to no file of the archive", help: "It would be a second name for a file that was there before. x refuses the link." },
  "name-collision": { severity: "error", about: "Two entries are one place", help: "Which of the two is read depends on the program. x refuses the later one." },
  "look-alike-name": { severity: "warning", about: "A name differs from another one only in case, normal form or trailing dots", help: "On Windows, macOS and some other file systems both are one file; there x refuses the second." },
  "repeated-file": { severity: "note", about: "A file comes more than once, and the last one counts", help: "That is how a tar is updated. Programs that stop at the first one see another content." },
  "special-file": { severity: "error", about: "A device, FIFO or socket", help: "A device node gives access to hardware, a FIFO lets readers hang. x creates none." },
  // Permissions
  setuid: { severity: "warning", about: "A program that would run with its owner's rights", help: "x never restores the setuid bit; other programs do when they run as root." },
  setgid: { severity: "warning", about: "A file that would run with its group's rights, or a folder that hands them on", help: "x never restores the setgid bit." },
  sticky: { severity: "note", about: "The sticky bit is set", help: "x never restores it." },
  "world-writable": { severity: "note", about: "Everybody may write to it", help: "x takes write permission from group and others." },
  // Two readings
  "headers-disagree": { severity: "error", about: "Two parts of the archive say different things about an entry", help: "What a scanner sees may not be what an extractor writes. x refuses it; --lenient picks one and says which." },
  "hidden-entry": { severity: "error", about: "There are entries that the index does not name", help: "Programs that read from the front find them, others do not. x refuses it." },
  "overlapping-entries": { severity: "error", about: "Entries share their bytes", help: "That is how a small archive becomes a huge one. x refuses both entries." },
  "unclaimed-bytes": { severity: "warning", about: "Bytes inside the archive belong to no entry", help: "They may hide data from programs that follow the index." },
  "prefixed-data": { severity: "warning", about: "Something stands in front of the archive", help: "A self-extracting program has a stub there; otherwise the file is something else as well." },
  "trailing-data": { severity: "warning", about: "Something follows the archive", help: "It is not unpacked, and may be a second archive that other programs read instead." },
  "self-extractor": { severity: "warning", about: "The archive is a program as well", help: "Unpack it with unzipx instead of running it." },
  polyglot: { severity: "warning", about: "The file is a second kind of file as well", help: "Programs that look at its beginning and programs that look at its end see different things." },
  oddity: { severity: "note", about: "Something is not as the format has it, and changes nothing", help: "Most often an old or careless writer." },
  // Resources
  bomb: { severity: "error", about: "A limit was reached while the content was decoded", help: "The content is larger, or of a higher ratio, than honest archives have. x stops at the same limit; the message names the flag." },
  "memory-demand": { severity: "error", about: "A decoder asks for more memory than it may have", help: "x refuses it unless --max-memory is raised." },
  "high-ratio": { severity: "warning", about: "A file is far larger than what it is packed in", help: "Zeros and logs pack like this, and so do bombs." },
  "huge-file": { severity: "warning", about: "A file says that it is huge, and the archive is small", help: "Sparse files do that, and headers that lie to make a reader reserve memory." },
  "many-entries": { severity: "note", about: "The archive holds very many entries", help: "File systems and programs become slow with them." },
  // Names that deceive
  "bidi-control": { severity: "warning", about: "Text holds characters that change the direction of writing", help: "What is shown is not what it is. unzipx shows them as escapes." },
  "invisible-character": { severity: "warning", about: "Text holds characters that are not seen", help: "Two names may look the same, or a filter may not find a word. unzipx shows them as escapes." },
  "control-character": { severity: "warning", about: "Text holds control characters", help: "They may steer a terminal or break the output of scripts. unzipx shows them as escapes." },
  "mixed-script": { severity: "warning", about: "A word mixes letters that look alike in different scripts", help: "A Cyrillic а in a Latin word makes another name that looks the same." },
  "double-extension": { severity: "error", about: "A program is named like a document", help: "Systems that hide extensions show invoice.pdf.exe as invoice.pdf. Do not open it." },
  "padded-extension": { severity: "error", about: "Spaces push a program's extension out of sight", help: "A narrow window shows only the harmless beginning. Do not open it." },
  "reversed-extension": { severity: "error", about: "A program's extension is disguised by the direction of writing", help: "What ends in fdp.exe is shown as ending in exe.pdf. Do not open it." },
  "script-double-extension": { severity: "warning", about: "A script is named like a document", help: "Some systems run it when it is opened." },
  "disguised-program": { severity: "error", about: "A program under a document's or picture's name", help: "Its content is that of a program, its name says otherwise. Do not open it." },
  "active-file": { severity: "note", about: "A file that acts when it is opened", help: "Shortcuts, screen savers and the like run what they contain or point to." },
  "autorun-file": { severity: "warning", about: "A file that a system acts upon by itself", help: "autorun.inf and desktop.ini are read when a drive or folder is shown." },
  "tool-trap": { severity: "warning", about: "A file that changes what a tool does in this folder", help: "Hooks, and the settings of shells, editors and package managers, run commands when somebody only works there." },
  "windows-device-name": { severity: "warning", about: "A name is that of a Windows device", help: "On Windows it cannot be written, or is written to the device; there x refuses it." },
  "alternate-stream": { severity: "warning", about: "A name holds a colon, which on Windows means a hidden stream", help: "On Windows the content would lie where no listing shows it; there x refuses it." },
  "trailing-dot": { severity: "warning", about: "A name ends with a dot or a space, which Windows drops", help: "There it becomes another name; x refuses it on Windows." },
  "short-name": { severity: "warning", about: "A name is of the short form that Windows gives to long ones", help: "On Windows PROGRA~1 may be another file that is there already; there x refuses it." },
  backslash: { severity: "note", about: "A name holds a backslash", help: "It separates folders on Windows, and is a letter elsewhere." },
  // Content
  damaged: { severity: "error", about: "Content or structure is damaged", help: "What was decoded does not fit its checksum, its size or its format. x leaves nothing of it." },
  "not-verified": { severity: "error", about: "Content could not be verified", help: "A password or a part of the set is missing, or the file cannot be read." },
  "unsupported-method": { severity: "error", about: "Content is packed or encrypted in a way that is not supported", help: "It could not be looked at. x refuses the entry." },
  encrypted: { severity: "note", about: "Content is encrypted", help: "Scanners cannot look inside without the password." },
  "weak-encryption": { severity: "warning", about: "Content is encrypted by a method that is broken", help: "ZipCrypto and ARJ's garbling can be opened without the password." },
  "nested-archive": { severity: "note", about: "An archive inside the archive", help: "-R looks into it." },
  "extension-mismatch": { severity: "note", about: "Content is of another kind than the name says", help: "Careless naming, or a way past a filter that goes by names." },
  comment: { severity: "note", about: "There is a comment", help: "Text that some programs show, and that may lie." },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof RULES;
export const RULE_IDS = Object.keys(RULES) as RuleId[];
