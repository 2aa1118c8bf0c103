/** What xz begins with: section 2.1.1.1 of https://tukaani.org/xz/xz-file-format.txt. */
export const XZ_MAGIC: readonly number[] = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
