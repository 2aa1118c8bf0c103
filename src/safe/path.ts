/**
 * From an untrusted string to a path that may be joined to a folder, or to a refusal. Pure: no file system, no platform
 * but the one passed in. Only this file makes a SafePath.
 */
import { UnzipxError } from "../errors.ts";

declare const checked: unique symbol;
/** Relative, "/"-separated, without ".", ".." or empty components. "" is the root itself. */
export type SafePath = string & { readonly [checked]: true };

export interface PathRules {
  readonly platform: NodeJS.Platform;
  /** A backslash separates components (zip and the formats that came from DOS), or is a character (tar). */
  readonly backslash: "separator" | "character";
  readonly maxDepth: number;
  /** Lets absolute and ".." names through by making them relative: the user asked for it by name. */
  readonly unsafe: boolean;
  /** The folder that the path will lie below, where that is not the root: it counts for depth and length. */
  readonly above?: SafePath | undefined;
}

/** What is odd about a path that is still safe to write; a kind and not a sentence, so that many become one note. */
export type PathOddity = "backslash" | "control" | "deceptive" | "device-name" | "trailing-dot" | "stream" | "short-name" | "alike" | "repeated";

export interface CheckedPath {
  readonly path: SafePath;
  readonly oddity: PathOddity | undefined;
}

const MAX_COMPONENT_BYTES = 255; // NAME_MAX of every common file system
const MAX_PATH_BYTES = 4096; // PATH_MAX of Linux

// The DOS devices, with or without an extension, also with the superscript digits that Windows takes for 1, 2, 3.
/** Its first letters, by which most names are none. */
const LIKE_DEVICE = /^(con|prn|aux|nul|com|lpt)/i;
const DEVICE_NAME = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|:|$)/i;
/** "PROGRA~1": on Windows the other name of a file whose own is longer. */
const SHORT_NAME = /^[^.~]{1,6}~[0-9]{1,6}(\.[^.]{0,3})?$/;
/** The folders in which a run of ours works, and keeps its way back: nobody else's is called like that. */
const OURS = /\.unzipx-/i;
const OUR_NAME = /^\.unzipx-[0-9a-f]{16}\.(partial|undo)$/i;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** What turns the order of the letters around, or is not seen at all; joiners and marks, which some scripts need, are left out. */
const DECEPTIVE = /[\u200b\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;
const PLAIN = /^[\w\-/.@+,= ()]*$/;

/**
 * Checks a name from an archive. A name is refused, never repaired into another one:
 * "../x" does not become "x", because then two names would mean one place.
 * Empty and "." components only are dropped: "a//./b" and "a/b" always mean the same.
 */
export function checkPath(raw: string, rules: PathRules): CheckedPath | UnzipxError {
  const file = withoutDot(raw);
  const plain = file.endsWith("/") ? file.slice(0, -1) : file; // as folders are named
  if (rules.above === undefined && isOrdinary(plain, rules.maxDepth)) return { path: plain as SafePath, oddity: undefined };
  let name = raw;
  let oddity: PathOddity | undefined;
  if (name.includes("\0")) return refuse(raw, "it contains a NUL byte");
  if (name.includes("\\")) {
    if (rules.backslash === "separator") name = name.replaceAll("\\", "/");
    // As a character it is legal on Unix; as a separator it must not mean something else: "..\\x" is refused either way.
    else if (rules.platform === "win32") return refuse(raw, "it contains a backslash, which is a separator on this system");
    else if (isEscaping(name.replaceAll("\\", "/"))) return refuse(raw, "read with backslashes as separators it leaves the folder");
    oddity = "backslash";
  }
  if (!rules.unsafe) {
    if (name.startsWith("/")) return refuse(raw, "it is an absolute path");
    // Drive-relative too: "c:../x" is not absolute, yet leaves the root.
    if (/^[A-Za-z]:/.test(name)) return refuse(raw, "it begins with a drive letter");
  }
  const components: string[] = [];
  for (const component of name.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") {
      if (rules.unsafe) continue;
      return refuse(raw, 'it climbs out with ".."');
    }
    components.push(component);
  }
  const path = components.join("/") as SafePath;
  const above = rules.above ?? "";
  const depth = components.length + (above === "" ? 0 : above.split("/").length);
  if (depth > rules.maxDepth) {
    return new UnzipxError("LIMIT", `Cannot extract an entry: its path is ${depth} folders deep, the limit is ${rules.maxDepth}`, {
      entry: raw, hint: `--max-depth ${depth}`,
    });
  }
  if ((above.length + path.length) * 3 > MAX_COMPONENT_BYTES) {
    if (Buffer.byteLength(above) + Buffer.byteLength(path) > MAX_PATH_BYTES) return refuse(raw, `it is longer than ${MAX_PATH_BYTES} bytes`);
    if (components.some((component) => Buffer.byteLength(component) > MAX_COMPONENT_BYTES)) {
      return refuse(raw, `one of its components is longer than ${MAX_COMPONENT_BYTES} bytes`);
    }
  }
  if (OURS.test(name) && components.some((component) => OUR_NAME.test(component))) return refuse(raw, "it is called like the folder that unzipx works in");
  if (!PLAIN.test(name) || components.some(oddOnWindows)) {
    for (const component of components) {
      const odd = oddityOf(component);
      if (odd === undefined) continue;
      if (rules.platform === "win32" && odd !== "control" && odd !== "deceptive") return refuse(raw, "this system gives the name another meaning");
      oddity ??= odd;
    }
  }
  return { path, oddity };
}

/** Who packs "." names everything from there. */
export function withoutDot(path: string): string {
  return path.startsWith("./") ? path.slice(2) : path;
}

/**
 * Components of the characters of PLAIN, none of them longer than a file system takes, with an end that Windows drops, as "." and ".." have, like OURS, or like
 * a device. V8 makes machine code of it when it is used for the second time, and of a loop only after thousands of names.
 */
const ORDINARY = /^(?:(?!\.u|(?:con|prn|aux|nul|(?:com|lpt)[0-9]) *(?:[./]|$))[\w\-.@+,= ()]{0,254}[\w\-@+,=()](?:\/(?!$)|$))+$/i;

/** Whether a path is beyond all doubt just what it says, as most are: one walk over it, where the rules below take one each. */
export function isOrdinary(path: string, maxDepth: number): boolean {
  return path.length <= MAX_PATH_BYTES && ORDINARY.test(path) && (path.length < 2 * maxDepth || path.split("/").length <= maxDepth);
}

/** Characters that a shell or terminal gives a meaning stay in; what Windows reads as another name is told. */
function oddityOf(component: string): PathOddity | undefined {
  if (CONTROL.test(component)) return "control";
  if (DEVICE_NAME.test(component)) return "device-name";
  if (/[. ]$/.test(component)) return "trailing-dot";
  if (component.includes(":")) return "stream";
  if (SHORT_NAME.test(component)) return "short-name";
  if (DECEPTIVE.test(component)) return "deceptive";
  return undefined;
}

function oddOnWindows(component: string): boolean {
  const last = component.charCodeAt(component.length - 1);
  return last === 0x2e || last === 0x20 || (LIKE_DEVICE.test(component) && DEVICE_NAME.test(component));
}

function isEscaping(name: string): boolean {
  return name.startsWith("/") || /^[A-Za-z]:/.test(name) || name.split("/").includes("..");
}

function refuse(raw: string, why: string): UnzipxError {
  return new UnzipxError("UNSAFE_PATH", `Refused an entry: ${why}`, { entry: raw });
}

/**
 * Two components with the same key are one place on some file system: equal after compatibility decomposition (NFKD),
 * full case folding, and without the trailing dots and spaces that Windows drops.
 */
export function collisionKey(component: string): string {
  if (isItsOwnKey(component)) return component;
  // Upper before lower folds what has no single lower-case form: "ß" and "ss", the ligature "ﬁ" and "fi".
  // eslint-disable-next-line no-control-regex
  const folded = /^[\u0000-\u007f]*$/.test(component)
    ? component.toLowerCase()
    : component.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
  const end = folded.charCodeAt(folded.length - 1);
  return end === 0x2e || end === 0x20 ? folded.replace(/[. ]+$/, "") || folded : folded;
}

/** ASCII without capitals, and no dot or space at the end. */
function isItsOwnKey(component: string): boolean {
  let code = 0x20;
  for (let at = 0; at < component.length; at++) {
    code = component.charCodeAt(at);
    if (code > 0x7f || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return code !== 0x2e && code !== 0x20;
}

/**
 * Where a symlink's target leads, as components below the root, or a refusal.
 * `follow(components)` gives the target of another link at that place, undefined for anything else;
 * a link counts as followed before the ".." behind it, as the system does it.
 */
export function resolveLink(
  linkPath: SafePath,
  target: string,
  platform: NodeJS.Platform,
  follow: (components: readonly string[]) => string | undefined,
): readonly string[] | UnzipxError {
  const refuseLink = (why: string): UnzipxError =>
    new UnzipxError("UNSAFE_LINK", `Refused a link: ${why}`, { entry: linkPath, found: target });
  const place = linkPath.split("/").slice(0, -1);
  const MAX_HOPS = 40; // as Linux
  let hops = 0;
  const pending: string[] = [];
  const push = (text: string): UnzipxError | undefined => {
    if (text === "") return refuseLink("its target is empty");
    if (text.includes("\0")) return refuseLink("its target contains a NUL byte");
    if (Buffer.byteLength(text) > MAX_PATH_BYTES) return refuseLink(`its target is longer than ${MAX_PATH_BYTES} bytes`);
    // Both slashes: a target is read again by whatever system the folder is carried to.
    const slashed = text.replaceAll("\\", "/");
    if (slashed.startsWith("/")) return refuseLink("its target is an absolute path");
    if (/^[A-Za-z]:/.test(slashed)) return refuseLink("its target begins with a drive letter");
    pending.unshift(...(platform === "win32" || isEscaping(slashed) ? slashed : text).split("/"));
    return undefined;
  };
  const refused = push(target);
  if (refused !== undefined) return refused;
  while (pending.length > 0) {
    const component = pending.shift()!;
    if (component === "" || component === ".") continue;
    if (component === "..") {
      if (place.pop() === undefined) return refuseLink("its target lies outside the folder");
      continue;
    }
    place.push(component);
    const onward = follow(place);
    if (onward === undefined) continue;
    if (++hops > MAX_HOPS) return refuseLink(`its target passes through more than ${MAX_HOPS} links`);
    place.pop();
    const refusedOnward = push(onward);
    if (refusedOnward !== undefined) return refusedOnward;
  }
  return place;
}
