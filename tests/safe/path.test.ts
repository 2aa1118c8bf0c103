import { describe, expect, it } from "vitest";
import { UnzipxError, type ErrorCode } from "../../src/errors.ts";
import { checkPath, collisionKey, resolveLink, type PathRules, type SafePath } from "../../src/safe/path.ts";

function rules(more: Partial<PathRules> = {}): PathRules {
  return { platform: "linux", backslash: "separator", maxDepth: 256, unsafe: false, ...more };
}

/** The path, or the code of the refusal. */
function check(raw: string, more: Partial<PathRules> = {}): string | ErrorCode {
  const checked = checkPath(raw, rules(more));
  return checked instanceof UnzipxError ? checked.code : checked.path;
}

function oddity(raw: string, more: Partial<PathRules> = {}): string | undefined {
  const checked = checkPath(raw, rules(more));
  if (checked instanceof UnzipxError) throw checked;
  return checked.oddity;
}

describe("checkPath() refuses, and lets the innocent twin through:", () => {
  const tar = { backslash: "character" } as const;
  const pairs: [attack: string, hostile: string, innocent: string, path: string, more?: Partial<PathRules>][] = [
    ["a name that climbs out", "../x", "..x", "..x"],
    ["a name that climbs out in its middle", "a/../../x", "a/..b/x", "a/..b/x"],
    ["a name that climbs and comes back", "a/../x", "a/x", "a/x"],
    ["a name that ends by climbing", "a/..", "a/...", "a/..."],
    ["nothing but a climb", "..", "...", "..."],
    ["an absolute name", "/etc/passwd", "etc/passwd", "etc/passwd"],
    ["an absolute name with two slashes, a server's share on Windows", "//server/share/x", "server//share/x", "server/share/x"],
    ["a drive letter", "C:/Windows/x", "C/Windows/x", "C/Windows/x"],
    ["a drive-relative name, which is not absolute and leaves all the same", "c:../x", "c/x", "c/x"],
    ["a bare drive", "c:", "c", "c"],
    ["a climb with backslashes where they separate", "..\\..\\x", "..a\\x", "..a/x"],
    ["a climb with both slashes", "a\\../..\\x", "a\\b/c\\x", "a/b/c/x"],
    ["an absolute name with a backslash", "\\x", "x\\y", "x/y"],
    ["a UNC name", "\\\\server\\share\\x", "server\\share", "server/share"],
    ["a device path of Windows", "\\\\?\\C:\\x", "a?\\C\\x", "a?/C/x"],
    ["a climb with backslashes in a tar", "..\\..\\x", "..x\\y", "..x\\y", tar],
    ["a drive with backslashes in a tar", "c:\\x", "c\\x", "c\\x", tar],
    ["an absolute name with a backslash in a tar", "\\x", "x\\", "x\\", tar],
    ["a NUL byte, behind which C sees the end", "a.txt\0/../../x", "a.txt/x", "a.txt/x"],
    ["the name of the folder that unzipx itself works in", "a/.unzipx-0123456789abcdef.partial/x", "a/.unzipx-notes.partial/x", "a/.unzipx-notes.partial/x"],
    ["the name of the folder that an atomic run keeps its way back in", ".unzipx-0123456789abcdef.undo/journal", ".unzipx-0123456789abcdef.undone/journal", ".unzipx-0123456789abcdef.undone/journal"],
    ["the same in capitals, which some systems take for it", ".UNZIPX-0123456789ABCDEF.PARTIAL", ".unzipx-0123456789abcdef", ".unzipx-0123456789abcdef"],
    ["a component longer than any file system takes", `a/${"x".repeat(256)}`, `a/${"x".repeat(255)}`, `a/${"x".repeat(255)}`],
    ["a component that is too long in bytes only", "ü".repeat(128), "ü".repeat(127), "ü".repeat(127)],
    ["a path longer than the system takes", "abcdefg/".repeat(512) + "xx", "abcdefg/".repeat(255) + "x", "abcdefg/".repeat(255) + "x", { maxDepth: 4096 }],
  ];
  for (const [attack, hostile, innocent, path, more] of pairs) {
    it(attack, () => {
      expect(check(hostile, more)).toBe("UNSAFE_PATH");
      expect(check(innocent, more)).toBe(path);
    });
  }

  it("more folders than the limit", () => {
    expect(check("a/b/c/d", { maxDepth: 3 })).toBe("LIMIT");
    expect(check("a/b/c", { maxDepth: 3 })).toBe("a/b/c");
  });
});

describe("checkPath()", () => {
  it("drops empty and '.' components, so that one place has one name", () => {
    for (const raw of ["a/b", "a//b", "./a/./b", "a/b/", ".//a/b/."]) expect(check(raw)).toBe("a/b");
  });
  it("gives the root itself for names that are nothing else", () => {
    for (const raw of ["", ".", "./", "././."]) expect(check(raw)).toBe("");
  });
  it("never repairs a refused name into another one", () => {
    const refused = checkPath("../x", rules());
    expect(refused).toBeInstanceOf(UnzipxError);
    expect((refused as UnzipxError).details.entry).toBe("../x");
  });
  it("makes absolute and climbing names relative when the user asked for unsafe paths", () => {
    expect(check("/etc/x", { unsafe: true })).toBe("etc/x");
    expect(check("../../x", { unsafe: true })).toBe("x");
    expect(check("a\0b", { unsafe: true })).toBe("UNSAFE_PATH");
  });
  it("lets names that look like options, dotfiles and __proto__ through", () => {
    for (const raw of ["-rf", "--checkpoint-action=exec", ".git/config", "__proto__", "constructor"]) expect(check(raw)).toBe(raw);
  });
  it("keeps a backslash in a tar, and tells", () => {
    expect(check("a\\b", { backslash: "character" })).toBe("a\\b");
    expect(oddity("a\\b", { backslash: "character" })).toBe("backslash");
    expect(oddity("a/b", { backslash: "character" })).toBeUndefined();
  });
});

describe("checkPath() tells of names that Windows reads otherwise, and refuses them there:", () => {
  const pairs: [what: string, kind: string, odd: string, innocent: string][] = [
    ["a device", "device-name", "a/CON", "a/CONS"],
    ["a device with an extension", "device-name", "aux.txt", "auxiliary.txt"],
    ["a device with a number", "device-name", "com1.log", "com.log"],
    ["a device with a superscript number", "device-name", "LPT²", "LPT"],
    ["a device with a long extension", "device-name", "aux.long-extension.txt", "auxiliary.long-extension.txt"],
    ["a device with an extension behind a space", "device-name", "con .txt", "con a.txt"],
    ["a short name that may be that of another file", "short-name", "PROGRA~1/x", "PROGRA~/x"],
    ["a short name with an extension", "short-name", "secret~2.txt", "secret.txt~2~"],
    ["a trailing dot", "trailing-dot", "a./b", "a.b/b"],
    ["a trailing space", "trailing-dot", "a ", "a b"],
    ["a stream", "stream", "file.txt:evil", "file.txt-evil"],
    ["a stream by its type", "stream", "file.txt::$DATA", "file.txt$DATA"],
  ];
  for (const [what, kind, odd, innocent] of pairs) {
    it(what, () => {
      expect(oddity(odd)).toBe(kind);
      expect(oddity(innocent)).toBeUndefined();
      expect(check(odd, { platform: "win32" })).toBe("UNSAFE_PATH");
      expect(check(innocent, { platform: "win32" })).toBe(innocent);
    });
  }
  it("control characters, which are told and written", () => {
    expect(oddity("a\x1b[2Jb")).toBe("control");
    expect(oddity("a\x85b")).toBe("control");
    expect(oddity("a ü 名")).toBeUndefined();
  });
  it("characters that hide or turn others around, which are told and written, but not those that some scripts are written with", () => {
    expect(oddity("invoice\u202etxt.exe")).toBe("deceptive");
    expect(oddity("a\u2066b")).toBe("deceptive");
    expect(oddity("a\u{e0041}b")).toBe("deceptive");
    expect(check("invoice\u202etxt.exe", { platform: "win32" })).toBe("invoice\u202etxt.exe");
    expect(oddity("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt")).toBeUndefined(); // Persian
    expect(oddity("👩\u200d🚒.png")).toBeUndefined();
  });
  it("a backslash in a tar is a separator there", () => {
    expect(check("a\\b", { backslash: "character", platform: "win32" })).toBe("UNSAFE_PATH");
    expect(check("a\\b", { backslash: "separator", platform: "win32" })).toBe("a/b");
  });
});

describe("collisionKey() is one for names that some file system takes for one:", () => {
  const pairs: [what: string, one: string, other: string, different: string][] = [
    ["letter case", "README", "readme", "read-me"],
    ["letter case beyond ASCII", "STRASSE-Ü", "strasse-ü", "strasse-u"],
    ["composed and decomposed", "caf\u00e9", "cafe\u0301", "cafe"],
    ["ß and ss", "straße", "STRASSE", "strase"],
    ["ligatures", "ﬁle", "file", "fle"],
    ["full width letters", "ＦＩＬＥ", "file", "files"],
    ["a trailing dot", "a.", "a", "a.b"],
    ["trailing spaces and dots", "a. .", "a", "a. b"],
    ["the Kelvin sign and k", "\u212a", "k", "c"],
    ["the final and the other sigma", "ΟΔΟΣ", "οδος", "οδο"],
  ];
  for (const [what, one, other, different] of pairs) {
    it(what, () => {
      expect(collisionKey(one)).toBe(collisionKey(other));
      expect(collisionKey(different)).not.toBe(collisionKey(one));
    });
  }
  it("names of dots only stay apart from each other", () => {
    expect(collisionKey("...")).not.toBe("");
  });
  it("__proto__ is a name like any other", () => {
    expect(collisionKey("__proto__")).toBe("__proto__");
  });
});

describe("resolveLink()", () => {
  /** `links` by place; the result as a path, or the code of the refusal. */
  function resolve(place: string, target: string, links: Record<string, string> = {}, platform: NodeJS.Platform = "linux"): string {
    const found = resolveLink(place as SafePath, target, platform, (components) => (Object.hasOwn(links, components.join("/")) ? links[components.join("/")] : undefined));
    return found instanceof UnzipxError ? found.code : (found as readonly string[]).join("/");
  }
  const pairs: [attack: string, hostile: Parameters<typeof resolve>, innocent: Parameters<typeof resolve>, end: string][] = [
    ["a target outside", ["l", "../x"], ["a/l", "../x"], "x"],
    ["a target that climbs one folder too far", ["a/b/l", "../../../x"], ["a/b/l", "../../x"], "x"],
    ["an absolute target", ["l", "/etc/passwd"], ["l", "etc/passwd"], "etc/passwd"],
    ["an absolute target with a backslash", ["l", "\\etc\\passwd"], ["l", "etc\\passwd"], "etc\\passwd"],
    ["a server's share", ["l", "\\\\server\\share"], ["l", "server/share"], "server/share"],
    ["a drive letter", ["l", "c:/x"], ["l", "c/x"], "c/x"],
    ["a drive-relative target", ["l", "c:..\\x"], ["l", "c..x"], "c..x"],
    ["a climb with backslashes, on every system", ["l", "..\\x"], ["a/l", "..\\x"], "x"],
    ["an empty target", ["l", ""], ["l", "."], ""],
    ["a NUL in the target", ["l", "a\0b"], ["l", "ab"], "ab"],
    ["a climb behind another link, which as text stays inside", ["l", "d/../x", { d: "." }], ["l", "d/../x", { d: "a" }], "x"],
    ["two climbs behind a link that goes one folder down", ["l", "d/../../x", { d: "a" }], ["l", "d/../../x", { d: "a/b/c" }], "a/x"],
    ["a way through a link that leaves", ["l", "d/x", { d: "../out" }], ["l", "d/x", { d: "in" }], "in/x"],
    ["a chain of links that leaves at its end", ["l", "a", { a: "b", b: "c/../..", }], ["l", "a", { a: "b", b: "c" }], "c"],
    ["a link to itself", ["l", "l", { l: "l" }], ["l", "m", { l: "m" }], "m"],
    ["links in a circle", ["a", "b", { a: "b", b: "a" }], ["a", "b", { a: "b", b: "c" }], "c"],
  ];
  for (const [attack, hostile, innocent, end] of pairs) {
    it(`refuses ${attack}`, () => {
      expect(resolve(...hostile)).toBe("UNSAFE_LINK");
      expect(resolve(...innocent)).toBe(end);
    });
  }
  it("refuses a chain of more than 40 links, as the system would", () => {
    const chain = (length: number): Record<string, string> => Object.fromEntries(Array.from({ length }, (_, i) => [`l${i}`, `l${i + 1}`]));
    expect(resolve("x", "l0", chain(41))).toBe("UNSAFE_LINK");
    expect(resolve("x", "l0", chain(40))).toBe("l40");
  });
  it("refuses a target longer than a path can be", () => {
    expect(resolve("l", "a/".repeat(2048) + "b")).toBe("UNSAFE_LINK");
    expect(resolve("l", "a/".repeat(2047) + "b")).toBe("a/".repeat(2047) + "b");
  });
  it("may lead to the root, to nothing, and to what is not there", () => {
    expect(resolve("a/l", "..")).toBe("");
    expect(resolve("l", "missing")).toBe("missing");
  });
});
