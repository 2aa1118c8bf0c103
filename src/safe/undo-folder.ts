/**
 * What --atomic keeps so that it can go back: a private folder beside the staging folder, with the journal, the files that were replaced,
 * and whose it is. It goes when all is in place; when the process is killed before, the next run finds it.
 */
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { randomName } from "../bytes/random.ts";
import { leftBehind, UnzipxError } from "../errors.ts";
import { DESCRIPTORS, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { readJournal, writeJournal, type Journal, type ReadJournal } from "./journal.ts";
import { renameWithoutReplacing } from "./output.ts";
import { thisProcess, type Owner } from "./owner.ts";
import { handsDown, removeTree } from "./publish.ts";

const STAGING_END = /\.partial$/;

export class UndoFolder {
  readonly name: string;
  readonly held: HeldFolder;
  readonly #host: HeldFolder;

  private constructor(host: HeldFolder, name: string) {
    this.#host = host;
    this.name = name;
    this.held = host.child(name);
  }

  /** A new one in `host`, with this process as its owner. */
  static make(host: HeldFolder, stagingName: string): UndoFolder {
    const name = stagingName.replace(STAGING_END, ".undo");
    const path = `${host.path}/${name}`;
    mkdirSync(path, 0o700);
    let folder: UndoFolder | undefined;
    try {
      folder = new UndoFolder(host, name);
      folder.#assertPrivate();
      writeFileSync(folder.#ownerFile(0), JSON.stringify(thisProcess()), { flag: "wx", mode: 0o600 });
      return folder;
    } catch (error) {
      folder?.close();
      removeTree(path);
      throw error;
    }
  }

  /** One that a run left; undefined when it is another user's or gone meanwhile. Throws BAD_DATA when others could write in it. */
  static open(host: HeldFolder, name: string): UndoFolder | undefined {
    let folder: UndoFolder;
    try {
      folder = new UndoFolder(host, name);
    } catch {
      return undefined; // a link, a file, another user's
    }
    try {
      if (process.geteuid !== undefined && statOrUndefined(`${folder.held.path}/.`)?.uid !== process.geteuid()) return undefined;
      folder.#assertPrivate();
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** For people. */
  get shown(): string {
    return this.held.shown;
  }

  get stagingName(): string {
    return this.name.replace(/\.undo$/, ".partial");
  }

  /** Where the file lies that the step of this number replaces. */
  old(number: number): string {
    return `${this.held.path}/old.${number}`;
  }

  /** Where a thing goes that the step of this number had put in its place. */
  taken(number: number): string {
    return `${this.held.path}/taken.${number}`;
  }

  /** From here on another run can undo what this one does. Returns when that was: see ReadJournal. */
  write(journal: Journal): bigint {
    const written = writeJournal(this.#journal, journal);
    syncFolder(this.held);
    syncFolder(this.#host);
    return written;
  }

  read(): ReadJournal | undefined {
    try {
      return readJournal(this.#journal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** From here on there is no way back, and no need for one. */
  commit(): void {
    unlinkSync(this.#journal);
  }

  /** Who works with it, and how many had it before; undefined when that cannot be read. */
  owner(): { readonly owner: Owner; readonly generation: number } | undefined {
    const generation = Math.max(...readdirSync(this.held.path).map((name) => Number(/^owner\.(\d{1,6})$/.exec(name)?.[1] ?? -1)));
    if (generation < 0) return undefined;
    try {
      const fd = openSync(this.#ownerFile(generation), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
      try {
        if (!fstatSync(fd).isFile()) return undefined;
        const { host, boot, space, pid, start } = JSON.parse(readFileSync(fd, "utf8")) as Record<string, unknown>;
        const texts = [host, boot, space, start];
        if (!texts.every((text) => typeof text === "string") || !Number.isInteger(pid) || (pid as number) < 1) return undefined;
        return { owner: { host, boot, space, pid, start } as Owner, generation };
      } finally {
        closeSync(fd);
      }
    } catch {
      return undefined;
    }
  }

  /** False when another run was faster. */
  takeOver(generation: number): boolean {
    const own = `${this.held.path}/owner-${randomName(8)}`;
    writeFileSync(own, JSON.stringify(thisProcess()), { flag: "wx", mode: 0o600 });
    try {
      renameWithoutReplacing(own, this.#ownerFile(generation + 1)); // whole at once, and only one can be the first
      return true;
    } catch (error) {
      rmSync(own, { force: true });
      if (error instanceof UnzipxError && error.code === "CONFLICT") return false;
      throw error;
    }
  }

  close(): undefined {
    this.held.close();
  }

  /** Nothing of it stays, or an error that says what does. The journal goes first, because without it there is nothing to undo, and the owner last. */
  remove(): UnzipxError | undefined {
    const isOwner = (name: string): number => Number(name.startsWith("owner"));
    const remove = (): void => {
      rmSync(this.#journal, { force: true });
      for (const name of readdirSync(this.held.path).sort((a, b) => isOwner(a) - isOwner(b))) removeTree(`${this.held.path}/${name}`);
      rmdirSync(`${this.#host.path}/${this.name}`);
    };
    try {
      try {
        remove();
      } catch {
        remove(); // what fails once may work the second time
      }
      return undefined;
    } catch (error) {
      return leftBehind(this.shown, error);
    } finally {
      this.close();
    }
  }

  get #journal(): string {
    return `${this.held.path}/journal`;
  }

  #ownerFile(generation: number): string {
    return `${this.held.path}/owner.${generation}`;
  }

  /** Where the system knows of users: nobody else wrote anything in here. */
  #assertPrivate(): void {
    if (process.geteuid === undefined) return;
    const stats = statOrUndefined(`${this.held.path}/.`);
    if (stats?.isDirectory() === true && stats.uid === process.geteuid() && (stats.mode & 0o7777) === (0o700 | handsDown(stats))) return;
    throw new UnzipxError("BAD_DATA", "Cannot read the journal: others may have written it");
  }
}

/** What was done to the names in a folder is on the disk. */
export function syncFolder(folder: HeldFolder): void {
  if (DESCRIPTORS === undefined) return; // Windows knows no such thing, and elsewhere nobody promises it
  const fd = openSync(`${folder.path}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EOPNOTSUPP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    closeSync(fd);
  }
}
