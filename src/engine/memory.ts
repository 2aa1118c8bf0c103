/** The memory that a decoder asks for is named in the data, and so by whoever made them. */
import { UnzipxError } from "../errors.ts";
import { formatSize } from "../text/size.ts";

/** Throws MEMORY when a dictionary or window of `need` bytes is more than `allowed`; 0 allows everything. */
export function assertMemory(need: number, allowed: number, what: string): void {
  if (allowed === 0 || need <= allowed) return;
  throw new UnzipxError("MEMORY", `Cannot read ${what}: its decoder needs more memory than allowed`, {
    expected: `at most ${formatSize(allowed)}`, found: formatSize(need), hint: `--max-memory ${Math.ceil(need / 2 ** 20)}M`,
  });
}
