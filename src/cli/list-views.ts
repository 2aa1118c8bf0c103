/** What the flags of l show instead of the usual table. */
import type { ChalkInstance } from "chalk";
import type { Listing } from "../core/list.ts";
import { printable } from "../text/printable.ts";
import type { Flags } from "./program.ts";
import { stdout } from "./streams.ts";

/** `count` archives are shown in one run. */
export async function viewOf(flags: Flags, count: number, { bold, dim }: Pick<ChalkInstance, "bold" | "dim">): Promise<(listing: Listing) => Iterable<string>> {
  const onTerminal = stdout.isTerminal;
  const headed = (heading: (archive: string) => string, body: (listing: Listing) => Iterable<string>) => function* (listing: Listing): Iterable<string> {
    if (count > 1) yield `${heading(printable(listing.summary.archive))}\n`;
    yield* body(listing);
  };
  if (flags["hash"] !== undefined) {
    const { hashLines } = await import("./list-names.ts");
    return headed((archive) => `# ${archive}`, ({ entries }) => hashLines(entries, flags["null"] === true, onTerminal)); // a remark to sha256sum
  }
  if (flags["info"] === true) {
    const { infoText } = await import("./list-info.ts");
    let shown = 0;
    return function* (listing) {
      if (shown++ > 0) yield "\n";
      yield* infoText(listing, dim);
    };
  }
  if (flags["tree"] === true) {
    const { tree } = await import("./list-tree.ts");
    return (listing) => tree(listing, { byName: flags["sort"] === "name", bold, dim });
  }
  if (flags["long"] === true) {
    const { longTable } = await import("./list-long.ts");
    return headed(bold, (listing) => longTable(listing, dim));
  }
  const { names } = await import("./list-names.ts");
  return ({ entries }) => names(entries, flags["null"] === true, onTerminal);
}
