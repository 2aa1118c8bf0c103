/** The header codec of tar-stream 3.1.7, which its own types do not cover. */
declare module "tar-stream/headers.js" {
  interface TarHeader {
    name: string;
    mode: number;
    uid: number;
    gid: number;
    size: number;
    mtime: Date;
    /** null: a type flag it does not know. */
    type:
      | "file" | "link" | "symlink" | "character-device" | "block-device" | "directory" | "fifo" | "contiguous-file"
      | "pax-header" | "pax-global-header" | "gnu-long-link-path" | "gnu-long-path" | null;
    linkname: string | null;
    uname: string;
    gname: string;
    devmajor: number;
    devminor: number;
    pax: Record<string, string> | null;
  }

  const headers: {
    /** null when name or link name is not ASCII or does not fit: pax has to carry it. */
    encode(header: Pick<TarHeader, "name" | "mode" | "uid" | "gid" | "size" | "mtime" | "type"> & Partial<TarHeader>): Buffer | null;
    /** null for a block of zeros; throws on a wrong checksum or an unknown magic. */
    decode(block: Uint8Array, filenameEncoding?: BufferEncoding, allowUnknownFormat?: boolean): TarHeader | null;
    encodePax(records: { name?: string; linkname?: string; pax?: Record<string, string> }): Buffer;
    decodePax(data: Uint8Array): Record<string, string>;
    decodeLongPath(data: Uint8Array, encoding?: BufferEncoding): string;
  };
  export default headers;
}
