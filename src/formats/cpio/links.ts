/** Which names are one file. In newc and crc only the last of a file's names carries its content, so the others have to wait for it. */
import type { Owner } from "../contract.ts";
import { UnzipxError } from "../../errors.ts";
import type { CpioHeader } from "./header.ts";

/** A name as it was stored, and the header it came with. */
export interface Named {
  readonly header: CpioHeader;
  readonly path: string;
  readonly escaped: boolean;
  /** Where it was asked for. */
  readonly owner?: Owner | undefined;
}

interface Inode {
  /** The path of the name that has the content. */
  target: string | undefined;
  waiting: Named[];
  /** Names so far. */
  seen: number;
  /** Bytes that it takes, about. */
  held: number;
}

/** What a name turned out to be. */
export type Linked =
  | { readonly is: "file" }
  | { readonly is: "link"; readonly to: string }
  /** Nothing can be said before the content came. */
  | { readonly is: "waiting" };

/** Names that wait yield no entry yet, so no other limit counts them. A million of usual length fit in here: entire backups have links to files outside. */
const HELD = 256 * 1024 * 1024;
/** What a name takes besides its characters, about. */
const OVERHEAD = 200;

export class Links {
  readonly #inodes = new Map<string, Inode>();
  readonly #most: number;
  #held = 0;

  /** `most` bytes of names are held. */
  constructor(most = HELD) {
    this.#most = most;
  }

  /** Takes in one name of a regular file that has others. */
  add(named: Named): Linked {
    const { header } = named;
    const inode = this.#inodes.get(header.inode) ?? this.#open(header.inode);
    inode.seen += 1;
    if (header.size > 0) {
      // odc and the old formats repeat the content under each name; each is a file of its own then.
      if (inode.target === undefined) this.#hold(inode, named);
      inode.target ??= named.path;
      return { is: "file" };
    }
    if (inode.target !== undefined) return { is: "link", to: inode.target };
    if (header.dialect !== "newc" && header.dialect !== "crc") return { is: "file" };
    this.#hold(inode, named);
    inode.waiting.push(named);
    return { is: "waiting" };
  }

  /** To be called behind each name: the names that waited for what it brought, its content, or as the last one the word that there is none. */
  settled(named: Named): Named[] {
    const inode = this.#inodes.get(named.header.inode);
    if (inode === undefined || (inode.target === undefined && inode.seen < named.header.nlink)) return [];
    const names = inode.waiting;
    inode.waiting = [];
    this.#closeWhenDone(named, inode);
    return names;
  }

  /** At the end of an archive: files whose content never came, so that they have none. The names of one file each. */
  *rest(): Generator<Named[]> {
    for (const { waiting } of this.#inodes.values()) if (waiting.length > 0) yield waiting;
    this.#inodes.clear();
    this.#held = 0;
  }

  #open(key: string): Inode {
    const inode: Inode = { target: undefined, waiting: [], seen: 0, held: 0 };
    this.#inodes.set(key, inode);
    return inode;
  }

  #hold(inode: Inode, { path }: Named): void {
    const cost = path.length + OVERHEAD;
    inode.held += cost;
    this.#held += cost;
    if (this.#held > this.#most) throw new UnzipxError("LIMIT", "Stopped: the cpio archive announces more hard links than can be held in memory", { expected: `at most ${this.#most} bytes of names` });
  }

  /** All names came: the number may stand for another file from here on, as some writers count in 16 bits. */
  #closeWhenDone({ header }: Named, inode: Inode): void {
    if (inode.seen < header.nlink) return;
    this.#inodes.delete(header.inode);
    this.#held -= inode.held;
  }
}
