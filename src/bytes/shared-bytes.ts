/** Memory that all threads see: what lies there is handed to another one without being copied. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}
