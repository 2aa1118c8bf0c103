/** What the options of `create` demand together: found out before anything is written. */
import { UnzipxError } from "../errors.ts";
import type { Encryption } from "../formats/zip/encrypt.ts";
import { FORMATS } from "./create-formats.ts";
import type { CreateOptions } from "./create.ts";
import type { Summary } from "./summary.ts";

/** Larger than any header, which has to lie in one part; it is also the least that PKZIP and Info-ZIP allow (APPNOTE 8.3.2). */
const LEAST_PART = 64 << 10;

export function assertPossible(out: string, { format, encryption, encryptNames, reproducible, method, split, level, prefix }: CreateOptions): void {
  const zipOnly = encryption === "zipcrypto" ? "--encrypt-method zipcrypto" : method !== undefined ? "--method" : undefined;
  const wanted = zipOnly ?? (format === "7z" ? undefined : encryption !== undefined ? "-e" : split !== undefined ? "--split" : undefined);
  if (encryptNames === true && format !== "7z") throw new UnzipxError("USAGE", `Cannot create "${out}": --encrypt-names is for 7z, and this is to be ${format}`, { hint: "unzipx c OUT.7z INPUT…" });
  if (encryptNames === true && encryption === undefined) throw new UnzipxError("USAGE", "Cannot tell whether to encrypt: --encrypt-names says what, and -e is not given", { hint: "add -e" });
  if (format !== "zip" && wanted !== undefined) throw new UnzipxError("USAGE", `Cannot create "${out}": ${wanted} is for ${zipOnly === undefined ? "zip and 7z" : "zip"}, and this is to be ${format}`, { hint: "unzipx c OUT.zip INPUT…" });
  if (encryption !== undefined && reproducible === true) {
    throw new UnzipxError("USAGE", "Cannot do both: encryption needs random bytes, and --reproducible forbids them");
  }
  if (method === "store" && level !== undefined && level > 0) throw new UnzipxError("USAGE", `Cannot do both: --method store does not compress, and level ${level} does`);
  if (prefix !== undefined && FORMATS[format].container === undefined) throw new UnzipxError("USAGE", `Cannot create "${out}": --prefix is for archives of several files, and a .${format} holds one without a path`, { hint: `unzipx c OUT.tar.${format} INPUT…` });
  if (split === undefined) return;
  if (out === "-") throw new UnzipxError("USAGE", "Cannot split what goes to standard output: the parts are files", { hint: "unzipx c --split 100M OUT.zip INPUT…" });
  if (format === "zip" && !/[^/\\]\.zip$/i.test(out)) {
    throw new UnzipxError("USAGE", `Cannot split "${out}": the parts are found by their names, and the last one's has to end with .zip`, { hint: `unzipx c --split SIZE ${out}.zip INPUT…` });
  }
  if (!(split >= LEAST_PART)) throw new UnzipxError("USAGE", `Cannot split into parts of ${split} bytes: 64 KiB is the least`, { hint: "--split 64K" });
}

export async function encryptionOf({ encryption: method, password: ask, format }: CreateOptions, summary: Summary): Promise<Encryption | undefined> {
  if (method === undefined) return undefined;
  const password = await ask?.();
  if (password === undefined) throw new UnzipxError("USAGE", "Cannot encrypt: no password is given, and there is no terminal to ask on", { hint: "--password-file FILE" });
  if (password === "" && format === "7z") throw new UnzipxError("USAGE", "Cannot encrypt: the password is empty, which readers of 7z take for none", { hint: "--password-file FILE" });
  if (method === "zipcrypto") summary.warnings.push(new UnzipxError("ODDITY", "The traditional encryption (zipcrypto) is broken: who knows a dozen bytes of a file can read the whole archive"));
  return { method, password };
}
