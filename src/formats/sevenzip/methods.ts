/** What a method is called that cannot be decoded. */
import { UnzipxError } from "../../errors.ts";
import type { Described } from "./describe.ts";

/** Of 7z, what others than 7-Zip itself have added ("Methods.txt" of 7-Zip ZS); these it shows as numbers. */
const METHODS: Readonly<Record<string, string>> = { "04F71101": "Zstandard", "04F71102": "Brotli", "04F71104": "LZ4", "04F71105": "LZ5", "04F71106": "Lizard" };

/** With the method's name, or what stands for it in the archive. */
export function unsupported({ method }: Described, trouble: UnzipxError): UnzipxError {
  const found = method.split(" ").map((word) => METHODS[word.split(":")[0]!] ?? word).join(" ");
  return new UnzipxError(trouble.code, trouble.message, { ...trouble.details, ...(found !== "" && { found: `method ${found}` }) });
}
