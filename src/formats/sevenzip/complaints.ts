/** What 7-Zip complains of while it reads an archive, as errors of ours: whose trouble it is, and what it means there. */
import { troubleOf, unexplained } from "../../engine/trouble.ts";
import { UnzipxError } from "../../errors.ts";
import type { SolidOptions } from "../contract.ts";
import type { Described } from "./describe.ts";
import type { Events } from "./events.ts";
import { unsupported } from "./methods.ts";

export const WHAT = "the archive";

export class Complaints {
  /** Whether there is one to be wrong. */
  hasPassword = false;
  readonly #warn: SolidOptions["warn"];

  constructor(warn: SolidOptions["warn"]) {
    this.#warn = warn;
  }

  /** What is wrong with an encrypted entry is most often the password. */
  ofEntry(entry: Described, trouble: UnzipxError): UnzipxError {
    if (entry.encrypted && trouble.code !== "PASSWORD" && !this.hasPassword) return noPassword();
    if (trouble.code === "UNSUPPORTED_METHOD") return unsupported(entry, trouble);
    if (!entry.encrypted || trouble.code === "PASSWORD") return trouble;
    return trouble.code === "BAD_DATA" || trouble.code === "BAD_CHECKSUM" ? wrongPassword() : trouble;
  }

  #trouble(line: string): UnzipxError | undefined {
    return troubleOf(line, WHAT, this.hasPassword);
  }

  /** Bytes behind the archive's end are no entry's trouble, whenever 7-Zip speaks of them: nothing is missing for their sake. */
  entryTrouble(line: string): UnzipxError | undefined {
    const trouble = this.#trouble(line);
    return trouble?.code === "TRAILING_DATA" ? undefined : trouble;
  }

  /** The first that harms an entry. */
  first(lines: readonly string[]): UnzipxError | undefined {
    return lines.map((line) => this.entryTrouble(line)).find((one) => one !== undefined);
  }

  /** Why an entry did not come out. */
  explain(lines: readonly string[], entry: Described, events: Events): UnzipxError {
    const own = lines.find((line) => line.includes(entry.rawPath)) ?? "";
    const target = /Dangerous link path was ignored : .* : (.*)$/.exec(own)?.[1];
    if (target !== undefined) return new UnzipxError("UNSAFE_LINK", "Refused a link: it leads out of the archive", { entry: entry.path, found: target });
    return (
      this.entryTrouble(own) ?? missingVolume(events) ?? this.first(lines) ??
      new UnzipxError("BAD_DATA", "Cannot read an entry: the decoder left it out", { entry: entry.path, ...(own === "" ? {} : { found: own }) })
    );
  }

  /** The run failed, and no entry did. */
  conclude(code: number, lines: readonly string[], events: Events): void {
    const trailing = lines.map((line) => this.#trouble(line)).find((one) => one?.code === "TRAILING_DATA");
    const first = this.first(lines);
    // What it complains of beside the entries (a hard link that it cannot make) is done here, or was listed.
    const ours = lines.every((line) => /hard link|file attribute/i.test(line.split(" : ")[0]!) || this.#trouble(line)?.code === "TRAILING_DATA");
    if (trailing !== undefined) this.#warn(trailing);
    if (lines.length > 0 && ours && first === undefined) return;
    throw missingVolume(events) ?? first ?? unexplained(code, lines.join("\n"), WHAT);
  }
}

export function noPassword(): UnzipxError {
  return new UnzipxError("PASSWORD", `Cannot read ${WHAT}: it is encrypted, and there is no password`, { hint: "--password-file FILE" });
}

export function wrongPassword(): UnzipxError {
  return new UnzipxError("PASSWORD", `Cannot read ${WHAT}: the password is wrong, or its content is damaged`);
}

/** "ERROR: Data Error : name", or ": link : target": of an entry that failed before it was opened, 7-Zip speaks behind the one before. */
export function isOfAnother(line: string, entry: Described, names: ReadonlySet<string>): boolean {
  const cut = line.indexOf(" : ");
  const name = line.slice(cut + 3);
  const link = name.slice(0, Math.max(0, name.lastIndexOf(" : ")));
  return cut > 0 && name !== entry.rawPath && (names.has(name) || names.has(link));
}

export function missingVolume(events: Events): UnzipxError | undefined {
  const [name] = events.missing;
  if (name === undefined) return undefined;
  return new UnzipxError("NO_INPUT", "Cannot read the archive: a part of the set is missing", { expected: name, hint: `put ${name} beside the other parts` });
}
