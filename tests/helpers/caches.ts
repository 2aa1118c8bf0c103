/** One cache folder for all runs of the command, as a user has one: each of them would otherwise compile the program anew. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly caches: string;
  }
}

export default function setup(project: TestProject): () => void {
  const caches = mkdtempSync(join(tmpdir(), "unzipx-test-caches-"));
  project.provide("caches", caches);
  return () => rmSync(caches, { recursive: true, force: true });
}
