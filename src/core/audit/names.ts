/** What a name alone says: programs dressed up as documents, files that systems and tools act upon. Pure. */
import { TURNING } from "./text.ts";
import type { RuleId } from "./rules.ts";

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

/** Windows runs these when they are opened, and nobody gives them to a document. */
const PROGRAMS = set("exe scr com pif bat cmd lnk hta vbs vbe jse wsf wsh msi msp cpl ps1 msc scf reg inf application gadget msix appref-ms settingcontent-ms search-ms library-ms diagcab chm url iqy slk jnlp");
/** Run by some systems, and honest in many places, such as "page.html.js" of a program's sources. */
const SCRIPTS = set("js mjs sh py pl rb php jar command desktop app run bin ws sct applescript scpt workflow elf");
const DOCUMENTS = set("pdf doc docx docm xls xlsx xlsm ppt pptx odt ods odp rtf jpg jpeg png gif bmp tif tiff webp heic mp3 mp4 avi mov mkv wav epub eml msg txt csv");
/** A program's content under these is a disguise. */
export const DOCUMENT_LIKE: ReadonlySet<string> = new Set([...DOCUMENTS, "htm", "html", "svg", "ico", "md", "xml", "json", "log", "zip", "rar", "7z"]);
/** Text files may begin with "#!" and be no disguise. */
export const NEVER_SCRIPTS = set("pdf doc docx docm xls xlsx xlsm ppt pptx odt ods odp rtf jpg jpeg png gif bmp tif tiff webp heic mp3 mp4 avi mov mkv wav epub zip rar 7z");
const ACTIVE = set("lnk scr pif hta scf url appref-ms settingcontent-ms search-ms library-ms msc cpl gadget jse vbe wsf wsh iqy jnlp");

const AUTORUN = set("autorun.inf desktop.ini");
const TRAPS = set([
  ".npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .pypirc .condarc .gemrc .bundle .netrc _netrc .curlrc .wgetrc .gitconfig .gitmodules .hgrc .envrc",
  ".bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile .zlogin .cshrc .tcshrc .kshrc .inputrc .xinitrc .xsession .xprofile .login",
  ".vimrc .exrc .nvimrc .gvimrc .emacs .dir-locals.el .gdbinit .lldbinit .pythonrc .pdbrc .irbrc .pryrc .rprofile .octaverc .screenrc .tmux.conf authorized_keys",
].join(" "));
/** Where a file lies is what makes it one; on folded paths, from the root or anywhere below. */
const TRAP_PATHS: readonly RegExp[] = [
  /(^|\/)(\.git|git~\d+)\/(config|hooks\/(?!.*\.sample$)[^/]+|info\/attributes|modules\/.+\/(config|hooks\/(?!.*\.sample$)[^/]+))$/,
  /(^|\/)\.hg\/hgrc$/,
  /(^|\/)\.svn\/wc\.db$/,
  /(^|\/)\.ssh\/[^/]+$/,
  /(^|\/)\.gnupg\/[^/]+$/,
  /(^|\/)\.vscode\/(tasks|launch|settings)\.json$/,
  /(^|\/)\.devcontainer(\/|\.json$)/,
  /(^|\/)\.idea\/(workspace\.xml|runconfigurations\/[^/]+)$/,
  /(^|\/)\.cargo\/config(\.toml)?$/,
  /(^|\/)\.husky\/[^/.][^/]*$/,
  /(^|\/)\.config\/(autostart|systemd|fish)\/.+$/,
  /(^|\/)\.(aws|kube|docker)\/(credentials|config(\.json)?)$/,
  /(^|\/)library\/(launchagents|launchdaemons)\/[^/]+$/,
  /(^|\/)start menu\/programs\/startup\/[^/]+$/,
  /(^|\/)etc\/(cron[^/]*|profile\.d|sudoers\.d|ld\.so\.preload|init\.d)(\/|$)/,
];

/** What one of them has in it: most paths have nothing of that. */
const TRAP_HINT = /(^|\/)(\.[a-z]|git~|library\/|start menu\/|etc\/)/;

export interface NameFinding {
  readonly id: RuleId;
  readonly message: string;
}

/** The extension of a file, in lower case, without the dot; "" for none. */
export function extensionOf(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).replace(/[. ]+$/, "").toLowerCase();
}

/** Of a file that is called so; `path` as it stands in the archive. */
export function* nameFindings(path: string): Generator<NameFinding> {
  const folded = path.replaceAll("\\", "/").toLowerCase();
  const name = folded.slice(folded.lastIndexOf("/") + 1);
  yield* disguises(name);
  // Windows drops dots and spaces at the end, macOS does not see some characters: ".g\u200cit" is ".git" there.
  const seen = folded.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "").replace(/[. ]+(?=\/|$)/g, "");
  const seenName = seen.slice(seen.lastIndexOf("/") + 1);
  if (AUTORUN.has(seenName)) yield { id: "autorun-file", message: "Windows acts upon this file by itself" };
  else if (TRAPS.has(seenName) || (TRAP_HINT.test(seen) && TRAP_PATHS.some((pattern) => pattern.test(seen)))) yield { id: "tool-trap", message: "This file changes what tools do in its folder, or what they run" };
  const extension = extensionOf(name);
  if (ACTIVE.has(extension)) yield { id: "active-file", message: `A file of the kind .${extension} acts when it is opened` };
}

function* disguises(name: string): Generator<NameFinding> {
  const plain = name.replace(TURNING, "");
  // Spaces of any width, the braille blank and the Hangul filler.
  const trimmed = plain.replace(/[\s\u2800\u3164.]+$/u, "");
  const dot = trimmed.lastIndexOf(".");
  if (dot <= 0) return;
  const extension = trimmed.slice(dot + 1);
  const isProgram = PROGRAMS.has(extension);
  if (!isProgram && !SCRIPTS.has(extension)) return;
  if (isProgram && plain !== name) yield { id: "reversed-extension", message: `The name ends in .${extension}, and is not shown so` };
  const stem = trimmed.slice(0, dot);
  const bare = stem.replace(/[\s_\u2800\u3164]+$/u, "");
  if (isProgram && stem.length - bare.length >= 4) yield { id: "padded-extension", message: `The name's end, .${extension}, is pushed out of sight by ${stem.length - bare.length} blanks` };
  const inner = /[^.]\.([a-z0-9]+)$/.exec(bare)?.[1];
  if (inner === undefined || !DOCUMENTS.has(inner)) return;
  if (isProgram) yield { id: "double-extension", message: `A .${extension} file is called like a .${inner} document` };
  else yield { id: "script-double-extension", message: `A .${extension} file is called like a .${inner} document` };
}
