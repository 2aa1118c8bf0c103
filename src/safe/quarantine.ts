/** macOS keeps the mark in an attribute that Node cannot read: its own program does, for many files at once. */
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import type { Markable } from "./markable.ts";
import type { Marks } from "./marks.ts";

/** Part of the system, and protected by it; nobody's PATH is asked. */
const XATTR = "/usr/bin/xattr";
const ATTRIBUTE = "com.apple.quarantine";
/** Characters of one command line; the system takes 1 MiB, with the environment. */
const MOST = 128 * 1024;
/** A real one has a flag, a time, a program's name and a number. */
const MOST_MARK = 4096;

/** Runs the program with these words; its output, or undefined when it failed. */
export type RunXattr = (words: readonly string[]) => string | undefined;

interface QuarantineSystem {
  readonly run: RunXattr;
  readonly chmod: (path: string, mode: number) => void;
}

/** Folders get it too: a program is one, and is asked about as a whole. */
export function quarantine({ run, chmod }: QuarantineSystem = SYSTEM): Marks {
  return {
    read(path) {
      const hex = run(["-px", ATTRIBUTE, path])?.replace(/\s/g, "");
      return hex !== undefined && /^([0-9a-f]{2})+$/i.test(hex) && hex.length <= 2 * MOST_MARK ? Buffer.from(hex, "hex") : undefined;
    },
    write(targets, mark) {
      const words = ["-wx", ATTRIBUTE, Buffer.from(mark).toString("hex")];
      let failed = 0;
      for (const batch of batches(targets)) {
        if (run([...words, ...batch.map(({ path }) => path)]) !== undefined) continue;
        for (const one of batch) if (!writeOne(one)) failed += 1;
      }
      return failed;

      /** What may not be written to takes no attribute. */
      function writeOne({ path, mode }: Markable): boolean {
        if (run([...words, path]) !== undefined) return true;
        try {
          chmod(path, mode | 0o600);
          return run([...words, path]) !== undefined;
        } catch {
          return false;
        } finally {
          try {
            chmod(path, mode);
          } catch {
            // counted above
          }
        }
      }
    },
  };
}

function* batches(targets: readonly Markable[]): Generator<Markable[]> {
  let batch: Markable[] = [];
  let length = 0;
  for (const target of targets) {
    if (batch.length > 0 && length + target.path.length > MOST) {
      yield batch;
      [batch, length] = [[], 0];
    }
    batch.push(target);
    length += target.path.length + 1;
  }
  if (batch.length > 0) yield batch;
}

const SYSTEM: QuarantineSystem = {
  run(words) {
    const { status, stdout } = spawnSync(XATTR, words, { stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 });
    return status === 0 ? stdout.toString("latin1") : undefined;
  },
  chmod: (path, mode) => chmodSync(path, mode),
};
