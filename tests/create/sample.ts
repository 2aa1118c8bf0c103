/** Things to pack, for all tests of creating. */
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InputEntry } from "../../src/formats/input.ts";

/** Bytes that no compressor shrinks, the same every time (xorshift). */
export function noise(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Text that shrinks well, of any length. */
export function prose(length: number): Buffer {
  const lines: string[] = [];
  for (let i = 0, size = 0; size < length; i++) {
    const line = `line ${i}: the quick brown fox jumps over the lazy dog ${i * 7919}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join("")).subarray(0, length);
}

/** A folder "sample" in `folder` with one of everything. */
export function makeSample(folder: string): string {
  const root = join(folder, "sample");
  mkdirSync(join(root, "empty folder"), { recursive: true });
  mkdirSync(join(root, "a/b/c"), { recursive: true });
  writeFileSync(join(root, "empty"), "");
  writeFileSync(join(root, "a/text.txt"), prose(50_000));
  writeFileSync(join(root, "a/b/small noise"), noise(5000));
  writeFileSync(join(root, "a/b/c/large text"), prose((3 << 20) + 17));
  writeFileSync(join(root, "a/b/c/large noise"), noise((2 << 20) + 1));
  writeFileSync(join(root, "a/b/c/exactly two blocks"), prose(2 << 20));
  writeFileSync(join(root, "naïve – 名前 🙂.txt"), "unicode");
  writeFileSync(join(root, `long ${"x".repeat(180)}.txt`), "long name");
  writeFileSync(join(root, "run.sh"), "#!/bin/sh\n");
  chmodSync(join(root, "run.sh"), 0o755);
  writeFileSync(join(root, "read only"), "r");
  chmodSync(join(root, "read only"), 0o444);
  symlinkSync("a/text.txt", join(root, "link"));
  symlinkSync("nowhere/ü", join(root, "dangling"));
  utimesSync(join(root, "a/text.txt"), 1_600_000_000, 1_600_000_001);
  return root;
}

export function entry(path: string, more: Partial<InputEntry> = {}): InputEntry {
  return {
    path, pathBytes: undefined, source: "/nonexistent", type: "file", size: 0, mode: 0o644, mtime: 1_700_000_000_000,
    inode: `0:${path}`, nlink: 1, uid: 0, gid: 0, linkTarget: undefined, ...more,
  };
}
