/** What goes into a new archive: found by the walk over the user's inputs, the same for every writer. */

export interface InputEntry {
  /** In the archive: relative, components joined by "/", none at the end. */
  readonly path: string;
  /** The bytes of `path` where they are not UTF-8: stored as they are. */
  readonly pathBytes: Uint8Array | undefined;
  /** On disk: absolute; bytes where the name is not UTF-8. */
  readonly source: string | Uint8Array;
  readonly type: "file" | "directory" | "symlink";
  readonly size: number;
  /** Permission bits with setuid, setgid and sticky: 12 bits, without the file type. */
  readonly mode: number;
  /** Milliseconds since 1970, UTC; fractions where the file system keeps them. */
  readonly mtime: number;
  /** `mtime` is not the file's own, so the file knows nothing more exact. */
  readonly timeIsGiven?: true;
  /** "device:inode", exact. */
  readonly inode: string;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a symlink; bytes where they are not UTF-8. */
  readonly linkTarget: string | Uint8Array | undefined;
}
