/** Each rule of t --audit: an archive that it fires on, and an innocent twin that it leaves alone. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { KEPT } from "../../src/core/audit/findings.ts";
import { RULE_IDS, RULES, type RuleId } from "../../src/core/audit/rules.ts";
import { DEFAULT_LIMITS } from "../../src/safe/policy.ts";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { audited } from "../helpers/audit.ts";
import { buildTar, buildZip, DEFLATE, FLAG_ENCRYPTED, STORE, tarEntry, type TarItem, type ZipItem } from "../helpers/build.ts";

const MZ = Buffer.concat([Buffer.from("MZ\x90\0\x03\0\0\0", "latin1"), Buffer.alloc(120)]);
const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(120)]);
const PNG = Buffer.from("\x89PNG\r\n\x1a\n and pixels", "latin1");
const ZEROS = Buffer.alloc(20 * 1024 * 1024);

function zip(...items: readonly (string | ZipItem)[]): Buffer {
  return buildZip(items.map((item) => (typeof item === "string" ? { name: item, content: "x" } : item)));
}

function tar(...items: readonly TarItem[]): Buffer {
  return buildTar(items);
}

function fixture(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url)));
}

/** 12 bytes of ZipCrypto's header before one of content: nobody has the password. */
const LOCKED: ZipItem = { name: "secret", data: Buffer.alloc(13), flags: FLAG_ENCRYPTED, local: { size: 1 }, central: { size: 1 } };

interface Case {
  readonly guilty: Uint8Array;
  readonly innocent: Uint8Array;
  /** The file's own name; archives that are named by nothing have none to disagree with. */
  readonly name?: string;
  readonly limits?: Partial<typeof DEFAULT_LIMITS>;
  /** What it is found on; undefined: the archive. */
  readonly on?: string;
}

const CASES: Record<RuleId, Case> = {
  "path-traversal": { guilty: zip("a/../../x"), innocent: zip("a/..x", "b..", "...c/x"), on: "a/../../x" },
  "absolute-path": { guilty: tar({ name: "/etc/x" }), innocent: tar({ name: "./etc/x" }), on: "/etc/x" },
  "drive-letter": { guilty: zip("C:x"), innocent: zip("C/x", "ab:x"), on: "C:x" },
  "unc-path": { guilty: zip("\\\\server\\share\\x"), innocent: zip("server\\share\\x"), on: "\\\\server\\share\\x" },
  "unsafe-name": { guilty: tar({ name: `${"n".repeat(60)}`, prefix: "" }, { name: "." }), innocent: tar({ name: "./", type: "5" }, { name: "n".repeat(60) }), on: "." },
  "path-too-deep": { guilty: zip(`${"d/".repeat(300)}x`), innocent: zip(`${"d/".repeat(200)}x`), on: `${"d/".repeat(300)}x` },
  "link-escape": { guilty: zip({ name: "l", content: "../x", mode: 0o120777 }), innocent: zip({ name: "d/l", content: "../x", mode: 0o120777 }, "x"), on: "l" },
  "hardlink-escape": { guilty: tar({ name: "h", type: "1", link: "../x" }), innocent: tar({ name: "x" }, { name: "h", type: "1", link: "x" }), on: "h" },
  "name-collision": { guilty: zip("a", "a"), innocent: zip("a", "b/a"), on: "a" },
  "look-alike-name": { guilty: zip("straße", "STRASSE"), innocent: zip("strasse", "strase"), on: "STRASSE" },
  "repeated-file": { guilty: tar({ name: "a", content: "1" }, { name: "a", content: "2" }), innocent: tar({ name: "a" }, { name: "d/a" }), on: "a" },
  "special-file": { guilty: tar({ name: "null", type: "3" }), innocent: tar({ name: "null" }), on: "null" },
  setuid: { guilty: tar({ name: "su", mode: 0o4755 }), innocent: tar({ name: "su", mode: 0o755 }), on: "su" },
  setgid: { guilty: tar({ name: "g", mode: 0o2755 }), innocent: tar({ name: "g", mode: 0o755 }), on: "g" },
  sticky: { guilty: tar({ name: "tmp/", type: "5", mode: 0o1755 }), innocent: tar({ name: "tmp/", type: "5", mode: 0o755 }), on: "tmp/" },
  "world-writable": { guilty: zip({ name: "w", content: "x", mode: 0o100666 }), innocent: tar({ name: "w", mode: 0o664 }, { name: "l", type: "2", link: "w", mode: 0o777 }), on: "w" },
  "headers-disagree": { guilty: zip({ name: "shown", content: "x", local: { name: "other" } }), innocent: zip("shown"), on: "shown" },
  "hidden-entry": { guilty: zip({ name: "seen", content: "x" }, { name: "hidden", hidden: true }, "last"), innocent: zip("seen", "hidden", "last"), on: "seen" },
  "overlapping-entries": { guilty: zip({ name: "a", content: "aaaa", method: STORE }, { name: "b", ghost: true, central: { offset: 10 } }), innocent: zip("a", "b"), on: "a" },
  "unclaimed-bytes": { guilty: buildZip([{ name: "a", content: "x" }], { gap: Buffer.alloc(50, 1) }), innocent: zip("a") },
  "prefixed-data": { guilty: buildZip([{ name: "a", content: "x" }], { prefix: Buffer.alloc(50, 1) }), innocent: zip("a") },
  "trailing-data": { guilty: Buffer.concat([zip("a"), Buffer.alloc(50, 1)]), innocent: buildZip([{ name: "a", content: "x" }], { comment: "at the end" }) },
  "self-extractor": { guilty: buildZip([{ name: "a", content: "x" }], { prefix: Buffer.from("#!/bin/sh\nexit\n") }), innocent: zip({ name: "run.sh", content: "#!/bin/sh\nexit\n" }) },
  polyglot: { guilty: buildZip([{ name: "a", content: "x" }], { prefix: PNG }), innocent: zip({ name: "a.png", content: PNG }) },
  oddity: { guilty: zip({ name: "" }), innocent: zip("unnamed") },
  bomb: { guilty: zip({ name: "zeros", content: ZEROS, method: DEFLATE }), innocent: zip({ name: "zeros", content: ZEROS.subarray(0, 1000), method: DEFLATE }), limits: { bytes: 1_000_000 } },
  "memory-demand": { guilty: fixture("xz/good-streams.xz"), innocent: gzipSync("x"), limits: { memory: 4096 } },
  "high-ratio": { guilty: zip({ name: "zeros", content: ZEROS, method: DEFLATE }), innocent: zip({ name: "zeros", content: ZEROS.subarray(0, 1_000_000), method: DEFLATE }), on: "zeros" },
  "huge-file": {
    guilty: tar({ name: "huge", type: "S", dialect: "gnu", size: 0, raw: new Map<number, Uint8Array | string>([[386, "00000000000\x0000000000000\x00"], [483, Buffer.from("\x80\0\0\0\0\0\0\x10\0\0\0\0", "latin1")]]) }),
    innocent: tar({ name: "small", content: "x" }), on: "huge",
  },
  "many-entries": { guilty: Buffer.concat([...Array.from({ length: 100_000 }, (_, at) => tarEntry({ name: `d${at % 100}/${at}` })), Buffer.alloc(1024)]), innocent: tar({ name: "one" }) },
  "bidi-control": { guilty: zip("a\u202eb"), innocent: zip("\u05d0\u200f.txt", "مرحبا.txt"), on: "a\u202eb" },
  "invisible-character": { guilty: zip("pass\u200bword"), innocent: zip("می\u200cخواهم.txt", "👩\u200d👩\u200d👧.txt", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"), on: "pass\u200bword" },
  "control-character": { guilty: zip("a\x1b[31m"), innocent: buildZip([{ name: "a", content: "x" }], { comment: "two\r\nlines\tand a tab" }), on: "a\x1b[31m" },
  "mixed-script": { guilty: zip("pаypal.txt"), innocent: zip("отчёт.pdf", "Привет world.txt", "Δx.csv", "µTorrent", "東京tower"), on: "pаypal.txt" },
  "double-extension": { guilty: zip("invoice.pdf.exe"), innocent: zip("invoice.exe", "my.pdf.zip", "v1.2.exe", ".pdf.exe"), on: "invoice.pdf.exe" },
  "padded-extension": { guilty: zip("invoice.pdf          .exe"), innocent: zip("my  setup.exe", "a     b.pdf"), on: "invoice.pdf          .exe" },
  "reversed-extension": { guilty: zip("invoice\u202efdp.exe"), innocent: zip("invoice\u202efdp.txt", "setup.exe"), on: "invoice\u202efdp.exe" },
  "script-double-extension": { guilty: zip("scan.jpg.js"), innocent: zip("pdf.js", "jquery.min.js", "index.d.ts"), on: "scan.jpg.js" },
  "disguised-program": { guilty: zip({ name: "photo.jpg", content: MZ }, { name: "r.pdf", content: "#!/bin/sh\n" }), innocent: zip({ name: "tool.exe", content: MZ }, { name: "tool", content: ELF }, { name: "MZ.txt", content: "MZ is how programs begin" }, { name: "example.txt", content: "#!/bin/sh\n" }), on: "photo.jpg" },
  "active-file": { guilty: zip("readme.lnk"), innocent: zip("readme.link"), on: "readme.lnk" },
  "autorun-file": { guilty: zip("AutoRun.inf"), innocent: zip("autorun.info", ".DS_Store", "Thumbs.db"), on: "AutoRun.inf" },
  "tool-trap": { guilty: zip(".git/hooks/post-checkout"), innocent: zip(".gitignore", ".git/hooks/post-checkout.sample", "docs/npmrc", ".github/workflows/ci.yml"), on: ".git/hooks/post-checkout" },
  "windows-device-name": { guilty: zip("docs/AUX.txt"), innocent: zip("docs/auxiliary.txt", "console"), on: "docs/AUX.txt" },
  "alternate-stream": { guilty: zip("file.txt:evil.exe"), innocent: zip("file.txt-evil"), on: "file.txt:evil.exe" },
  "trailing-dot": { guilty: zip("name."), innocent: zip("na.me", ".name"), on: "name." },
  "short-name": { guilty: zip("PROGRA~1"), innocent: zip("programs~"), on: "PROGRA~1" },
  backslash: { guilty: zip("d\\x"), innocent: zip("d/x"), on: "d\\x" },
  damaged: { guilty: zip({ name: "a", content: "x", local: { crc32: 1 }, central: { crc32: 1 } }), innocent: zip("a"), on: "a" },
  "not-verified": { guilty: zip(LOCKED), innocent: zip("secret"), on: "secret" },
  "unsupported-method": { guilty: zip({ name: "a", content: "x", method: 97 }), innocent: zip("a"), on: "a" },
  encrypted: { guilty: zip(LOCKED), innocent: zip("secret"), on: "secret" },
  "weak-encryption": { guilty: zip(LOCKED), innocent: fixture("zip/good-aes256.zip"), on: "secret" },
  "nested-archive": { guilty: zip({ name: "in", content: zip("x") }), innocent: zip({ name: "a.docx", content: zip("x") }), on: "in" },
  "extension-mismatch": { guilty: zip({ name: "a.jpg", content: PNG }), innocent: zip({ name: "a.png", content: PNG }, { name: "a.bin", content: PNG }, { name: "a.docx", content: zip("x") }), on: "a.jpg" },
  comment: { guilty: buildZip([{ name: "a", content: "x" }], { comment: "hello" }), innocent: zip("a") },
};

describe("t --audit:", () => {
  it.each(RULE_IDS)("%s is found where it is, and not on its innocent twin", { timeout: 60_000 }, async (id) => {
    const { guilty, innocent, limits, on = "", name } = CASES[id];
    const options = { limits: { ...DEFAULT_LIMITS, ...limits }, ...(name === undefined ? {} : { name }) };
    const { found, code } = await audited(guilty, options);
    expect(found[id]).toContain(on);
    if (RULES[id].severity === "error") expect(code).toBeGreaterThan(2);
    expect((await audited(innocent, options)).found[id]).toBeUndefined();
  });

  it("an ordinary archive has nothing to tell, and exit 0", async () => {
    for (const bytes of [zip("README.md", "src/index.js", { name: "bin/run", content: "#!/bin/sh\n", mode: 0o100755 }), tar({ name: "d/", type: "5", mode: 0o755 }, { name: "d/a", content: "x" }, { name: "l", type: "2", link: "d/a" })]) {
      const { audit, code } = await audited(bytes);
      expect(audit).toEqual({ findings: [], counts: { error: 0, warning: 0, note: 0 }, more: {} });
      expect(code).toBe(0);
    }
  });

  it("finds everything at once, the worst first", async () => {
    const bytes = buildZip([
      { name: "../up", content: "x" }, { name: "invoice.pdf.exe", content: MZ }, { name: "photo.jpg", content: MZ }, { name: "su", content: "x", mode: 0o104755 }, { name: "out", content: "/etc", mode: 0o120777 },
      { name: "out/passwd", content: "x" }, { name: "x\u202egpj.scr", content: "x" }, { name: ".npmrc", content: "x" }, { name: "in.zip", content: zip("deep"), central: { comment: "inside\x1b" } }, LOCKED, { name: "same" }, { name: "same" },
    ], { prefix: Buffer.from("#!/bin/sh\n"), trailing: Buffer.alloc(30, 1), comment: "top" });
    const one = await audited(bytes);
    expect(Object.keys(one.found)).toEqual(expect.arrayContaining([
      "path-traversal", "link-escape", "name-collision", "double-extension", "disguised-program", "reversed-extension", "not-verified", "setuid", "prefixed-data", "trailing-data", "self-extractor", "tool-trap", "bidi-control",
      "control-character", "weak-encryption", "encrypted", "nested-archive", "comment",
    ]));
    expect(one.code).toBe(6);
    const order = one.audit.findings.map(({ severity }) => ["error", "warning", "note"].indexOf(severity));
    expect(order).toEqual([...order].sort());
  });

  it("with -R archives inside are audited, with their whole path", async () => {
    const inner = zip("../x", { name: "photo.jpg", content: MZ }, { name: "l", content: "../y", mode: 0o120777 });
    const { found, code } = await audited(zip({ name: "docs/in.zip", content: inner }, { name: "b.tar", content: tar({ name: "/abs" }) }), { levels: 8 });
    expect(found).toMatchObject({ "path-traversal": ["docs/in.zip/../x"], "disguised-program": ["docs/in.zip/photo.jpg"], "link-escape": ["docs/in.zip/l"], "absolute-path": ["b.tar//abs"] });
    expect(code).toBe(6);
  });

  it("a bomb is told with what was found before it", async () => {
    const { found, code } = await audited(gzipSync(tar({ name: "../x" }, { name: "zeros", content: ZEROS })), { limits: { ...DEFAULT_LIMITS, bytes: 1_000_000 } });
    expect(found).toMatchObject({ bomb: ["zeros"], "path-traversal": ["../x"] });
    expect(code).toBe(12);
  });

  it("entries whose names are inherited properties of objects are only names", async () => {
    expect((await audited(zip("__proto__", "constructor", "../__proto__"))).found).toEqual({ "path-traversal": ["../__proto__"] });
  });

  it("keeps so many findings of a rule and counts the rest", { timeout: 60_000 }, async () => {
    const parts = Array.from({ length: KEPT + 5 }, (_, at) => tarEntry({ name: `../${at}` }));
    const { audit } = await audited(buildTar(parts));
    expect([audit.findings.length, audit.counts.error, audit.more]).toEqual([KEPT, KEPT + 5, { "path-traversal": 5 }]);
  });

  it("every format is audited: what is disguised in a cpio, a 7z and a lone gz is found", async () => {
    const { found } = await audited(gzipSync(MZ), { name: "photo.jpg.gz" });
    expect(found["disguised-program"]).toEqual(["photo.jpg"]);
    for (const name of ["cpio/hostile-traversal.cpio", "7z/hostile-symlink.7z"]) expect((await audited(fixture(name))).audit.counts.error).toBeGreaterThan(0);
  });
});
