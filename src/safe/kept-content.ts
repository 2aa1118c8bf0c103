/** Content that comes from nowhere on disk and is to be packed: kept in a private folder, because every writer reads files, and needs their size beforehand. */
import { closeSync, fchmodSync, futimesSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSystem, leftBehind, UnzipxError } from "../errors.ts";

export interface KeptFile {
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
}

export class KeptContent {
  #folder: string | undefined;
  #count = 0;

  /** The path of a file with this content, mode and time; nobody else can come near it. */
  async add({ content, mode, mtime }: KeptFile): Promise<string> {
    this.#folder ??= this.#orThrow(() => mkdtempSync(join(tmpdir(), "unzipx-")));
    const path = join(this.#folder, String(this.#count++));
    const fd = this.#orThrow(() => openSync(path, "wx", 0o600));
    try {
      for await (const chunk of content) {
        for (let done = 0; done < chunk.length; ) done += this.#orThrow(() => writeSync(fd, chunk, done, chunk.length - done));
      }
      this.#orThrow(() => {
        fchmodSync(fd, mode);
        futimesSync(fd, mtime / 1000, mtime / 1000);
      });
    } finally {
      closeSync(fd);
    }
    return path;
  }

  /** An error that names the folder where it cannot be removed. */
  discard(): UnzipxError | undefined {
    const folder = this.#folder;
    this.#folder = undefined;
    if (folder === undefined) return undefined;
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 1 });
    } catch (error) {
      return leftBehind(folder, error);
    }
    return undefined;
  }

  #orThrow<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw fromSystem(error, "write", `keep content in a temporary folder in "${tmpdir()}"`, { hint: "set TMPDIR to a folder with room" });
    }
  }
}
