/** What Node cannot encode or decode by itself, for the floors: the program's own code, and nothing around it. */
export { deflate } from "../../src/deflate/encoder.ts";
export { decodeZstd } from "../../src/filters/zstd-decode.ts";
export { decodeHeader } from "../../src/formats/sevenzip/decode-header.ts";
export { lzmaOf } from "../../src/formats/sevenzip/plan-blocks.ts";
export { storedHeader } from "../../src/formats/sevenzip/start-header.ts";
export { lzmaDecoder } from "../../src/lzma/decoder.ts";
export { dictionaryOf } from "../../src/lzma/properties.ts";
export { blockOf } from "../../src/lzma/xz.ts";
export { encodeFrame } from "../../src/zstd/encoder.ts";
