/** What the compiler makes of src/lzma/lzma.c. */
export function compiled(): Buffer;
