/** What is wrong with an archive may come from a part of it that is not there: then the error says so. */
import { UnzipxError, type ErrorCode } from "../errors.ts";
import type { Bytes, StreamEntry } from "../formats/contract.ts";
import type { Input } from "./sources.ts";

type Explain = (error: unknown) => unknown;

/** How an archive looks whose end lies in a part that is missing: nothing in joined parts tells how many there are. */
const OF_A_LOST_END: readonly ErrorCode[] = ["BAD_HEADER", "TRUNCATED", "UNKNOWN_FORMAT"];

/** What makes the errors of this input better; undefined for an archive that is whole as far as anybody knows. */
export function explainerOf({ nextPart, solid }: Input): Explain | undefined {
  if (nextPart !== undefined) return (error) => (error instanceof UnzipxError && OF_A_LOST_END.includes(error.code) ? withHint(error, `${nextPart} may be missing`) : error);
  if (solid === undefined) return (error) => (error instanceof UnzipxError && error.code === "NO_INPUT" && error.details.expected !== undefined ? partOnPipe(error) : error);
  return undefined;
}

function withHint(error: UnzipxError, hint: string): UnzipxError {
  return new UnzipxError(error.code, error.message, { ...error.details, hint });
}

/** Without the part that was looked for: its name was made up, as that of a pipe is not known. */
function partOnPipe({ code, details: { entry } }: UnzipxError): UnzipxError {
  return new UnzipxError(code, "Cannot read parts of a set from standard input: the other parts cannot be found from there", { ...(entry === undefined ? {} : { entry }), hint: "name the file of one part: unzipx x FILE" });
}

/** The same entries, whose errors are explained wherever they come up. */
export async function* explainedEntries(entries: AsyncIterable<StreamEntry>, explain: Explain): AsyncGenerator<StreamEntry> {
  try {
    for await (const entry of entries) {
      const refusal = entry.refusal === undefined ? undefined : (explain(entry.refusal) as UnzipxError);
      yield { ...entry, whole: entry.whole, refusal, content: () => explained(entry.content(), explain) };
    }
  } catch (error) {
    throw explain(error);
  }
}

async function* explained(content: Bytes, explain: Explain): Bytes {
  try {
    yield* content;
  } catch (error) {
    throw explain(error);
  }
}
