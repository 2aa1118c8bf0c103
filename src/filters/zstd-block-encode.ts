/** One zstd frame, with the size of its content and a checksum: by Node where it can (22.15 and later), else by zstd in WebAssembly. */
import { xxh64 } from "../bytes/xxhash64.ts";
import { nodeZstd } from "./zstd-node.ts";

/** `level` is zstd's own. */
export async function encodeZstdFrame(block: Uint8Array, level: number): Promise<Uint8Array> {
  const zstd = nodeZstd();
  if (zstd === undefined) return encodeInWasm(block, level);
  const { constants } = zstd;
  return zstd.zstdCompressSync(block, {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    chunkSize: block.length + (block.length >> 8) + 1024, // ZSTD_COMPRESSBOUND and a little: one piece
  });
}

/** Frame_Header_Descriptor (RFC 8878, 3.1.1.1.1), which lies behind the magic number. */
const DESCRIPTOR = 4;
const CHECKSUM_FLAG = 0x04;

type WasmZstd = typeof import("@bokuweb/zstd-wasm");

let wasmZstd: Promise<WasmZstd> | undefined;

async function loadWasm(): Promise<WasmZstd> {
  const zstd = await import("@bokuweb/zstd-wasm");
  await zstd.init();
  return zstd;
}

/** That library makes frames without a checksum, so it is put there: the flag, and behind the last block the lower 4 bytes of XXH64 (3.1.1). */
async function encodeInWasm(block: Uint8Array, level: number): Promise<Uint8Array> {
  const packed = (await (wasmZstd ??= loadWasm())).compress(block, level);
  const frame = Buffer.allocUnsafe(packed.length + 4);
  frame.set(packed);
  frame[DESCRIPTOR]! |= CHECKSUM_FLAG;
  frame.writeUInt32LE(xxh64(block).low, packed.length);
  return frame;
}
