/** Archives that ordinary tools make in ordinary ways: exit 0 and not a word, from l, t and x. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { list } from "../../src/core/list.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { test as verify } from "../../src/core/test.ts";
import { DEFAULT_LIMITS } from "../../src/safe/policy.ts";
import { noise, prose } from "../create/sample.ts";
import { isWindows, sandbox } from "../helpers/cli.ts";
import { unpack } from "../helpers/library.ts";
import { has, run } from "../helpers/tools.ts";

const FILES = 8;
/** Through a pipe, so that the tool cannot go back to what it has written. */
const piped = (command: string): readonly string[] => ["sh", "-c", `${command} | cat > made.zip`];

const WAYS: Record<string, readonly string[]> = {
  "zip -r": ["zip", "-qr", "made.zip", "in"],
  "zip -r -y, with links": ["zip", "-qry", "made.zip", "in"],
  "zip -0": ["zip", "-q0r", "made.zip", "in"],
  "zip -r -, to a pipe": piped("zip -qr - in"),
  "zip -0 -r -, to a pipe": piped("zip -q0r - in"),
  "zip -fd, with descriptors": ["zip", "-qr", "-fd", "made.zip", "in"],
  "zip -fz, with zip64": ["zip", "-qr", "-fz", "made.zip", "in"],
  "zip -Z bzip2": ["zip", "-qr", "-Z", "bzip2", "made.zip", "in"],
  "zip -X, without extra fields": ["zip", "-qrX", "made.zip", "in"],
  "zip -D, without folders": ["zip", "-qrD", "made.zip", "in"],
  "zip -e": ["zip", "-qr", "-P", "secret", "made.zip", "in"],
  "zip -g and -d, one after the other": ["sh", "-c", "zip -qr made.zip in && echo more > more && zip -qg made.zip more && zip -qd made.zip more"],
  "7zz": ["7zz", "a", "-bso0", "-tzip", "made.zip", "in"],
  "7zz with all times": ["7zz", "a", "-bso0", "-tzip", "-mtm=on", "-mta=on", "-mtc=on", "made.zip", "in"],
  "7zz, store": ["7zz", "a", "-bso0", "-tzip", "-mm=Copy", "made.zip", "in"],
  "7zz, Deflate64": ["7zz", "a", "-bso0", "-tzip", "-mm=Deflate64", "made.zip", "in"],
  "7zz, LZMA": ["7zz", "a", "-bso0", "-tzip", "-mm=LZMA", "made.zip", "in"],
  "7zz, PPMd": ["7zz", "a", "-bso0", "-tzip", "-mm=PPMd", "made.zip", "in"],
  "7zz, AES": ["7zz", "a", "-bso0", "-tzip", "-psecret", "-mem=AES256", "made.zip", "in"],
  "7zz, ZipCrypto": ["7zz", "a", "-bso0", "-tzip", "-psecret", "-mem=ZipCrypto", "made.zip", "in"],
  "bsdtar": ["bsdtar", "-a", "-cf", "made.zip", "in"],
  "bsdtar to a pipe": piped("bsdtar --format zip -cf - in"),
  "bsdtar to a pipe, store": piped("bsdtar --format zip --options zip:compression=store -cf - in"),
  "bsdtar with zip64": ["bsdtar", "--format", "zip", "--options", "zip:zip64", "-cf", "made.zip", "in"],
  "bsdtar with AES": ["bsdtar", "--format", "zip", "--options", "zip:encryption=aes256", "--passphrase", "secret", "-cf", "made.zip", "in"],
  "jar": ["jar", "cf", "made.zip", "in"],
  "jar, store": ["jar", "c0f", "made.zip", "in"],
  "python3 -m zipfile": ["python3", "-m", "zipfile", "-c", "made.zip", "in"],
  "python3 to a pipe": piped("python3 -c 'import sys, zipfile, shutil\nclass Out:\n  def write(self, b): return sys.stdout.buffer.write(b)\n  def flush(self): sys.stdout.buffer.flush()\nwith zipfile.ZipFile(Out(), \"w\") as z:\n  for m in (0, 8):\n    for n in (\"text\", \"noise\", \"empty\"): z.write(\"in/\" + n, \"%d/%s\" % (m, n), m)'"),
};

describe.skipIf(isWindows)("zip: not a word about what is made by", () => {
  for (const [way, [program, ...args]] of Object.entries(WAYS)) {
    const tool = program === "sh" ? /\b(zip|bsdtar|python3)\b/.exec(args.join(" "))![0] : program!;
    it.skipIf(!has(tool))(`${way} (skipped where ${tool} is missing)`, async () => {
      const where = sandbox();
      const folder = join(where.folder, "making");
      mkdirSync(join(folder, "in/sub/deep"), { recursive: true });
      mkdirSync(join(folder, "in/empty folder"));
      mkdirSync(join(folder, "in/__MACOSX"));
      const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, "in", name), content);
      put("text", prose(50_000));
      put("noise", noise(50_000));
      put("empty", "");
      put("sub/Übersicht.txt", "text");
      put("sub/deep/run", "#!/bin/sh\n");
      put("__MACOSX/._text", "AppleDouble");
      chmodSync(join(folder, "in/sub/deep/run"), 0o755);
      symlinkSync("text", join(folder, "in/link"));
      run(program!, args, { cwd: folder });
      const archive = join(folder, "made.zip");
      expect(readdirSync(folder)).toContain("made.zip");
      const options = { limits: DEFAULT_LIMITS, selection: EVERYTHING, password: async () => "secret" };
      const listed = await list(archive, options);
      const tested = await verify(archive, { ...options, lenient: false, threads: 1, reporter: {} });
      const { code, warnings, summary } = await unpack(readFileSync(archive), { password: options.password }, where);
      expect([code, warnings, listed.summary.warnings, tested.warnings, tested.failures]).toEqual([0, [], [], [], []]);
      expect(summary!.files + summary!.links).toBeGreaterThanOrEqual(way.startsWith("python3 to") ? 6 : FILES - 1);
    });
  }
});
