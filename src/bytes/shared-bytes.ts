/** Memory that all threads see: what lies there is handed to another one without being copied. For what goes round and to other threads only: V8 does not count it, and seldom looks whether anybody still has it. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}
