/** What x would refuse of an archive, told without writing anything: the same rules and the same order. */
import { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import { leadsOut } from "../formats/sevenzip/leads-out.ts";
import { refusalOfLink } from "../safe/links.ts";
import type { PathOddity, SafePath } from "../safe/path.ts";
import { Plan } from "../safe/plan.ts";
import { DEFAULT_POLICY, usuallyFolds, type Limits } from "../safe/policy.ts";
import type { Place } from "../safe/tree.ts";
import { bareEntry } from "./bare-entry.ts";
import { claimRulesOf } from "./claim-rules.ts";
import { rooted, type OpenedIndex, type OpenedStream } from "./open.ts";

export interface DryRunOptions {
  readonly limits: Limits;
  /** As Level.prefix: an archive inside another one has a folder of its own. */
  readonly prefix: string;
  /** Told what is odd about names that are taken. */
  readonly odd?: (oddity: PathOddity, path: string) => void;
  /** Of an entry that came before, by its number. Who has none asks for places only. */
  readonly again?: (number: number) => Pick<Entry, "path">;
}

/** `Mark` is how the caller knows an entry again: links are only judged when all entries are known. */
export class DryRun<Mark> {
  readonly #plan: Plan;
  readonly #rulesOf: ReturnType<typeof claimRulesOf>;
  readonly #links = new Map<Place, Mark>();
  readonly #isPackage: boolean;
  readonly #byEngine: boolean;

  constructor(opened: OpenedIndex | OpenedStream, { limits, prefix, odd = () => {}, again }: DryRunOptions) {
    const policy = { ...DEFAULT_POLICY, limits };
    this.#plan = new Plan(policy, { folds: () => usuallyFolds(policy) }, prefix === "" ? undefined : (prefix.slice(0, -1) as SafePath), odd); // only its length and depth count
    // Inside another archive the names above count as well.
    if (prefix === "" && again !== undefined) this.#plan.askAgain((number) => ({ ...NOTHING_KNOWN, path: again(number).path }), opened.kind === "index" ? opened.index.entries.length : 0);
    this.#rulesOf = claimRulesOf(opened);
    this.#isPackage = opened.kind === "stream" && opened.isPackage;
    this.#byEngine = opened.kind === "stream" && opened.byEngine;
  }

  /** As claim(), for whoever needs no place: of a million files they would be most of a listing's memory. */
  refusal(this: DryRun<number>, entry: Entry, number: number): UnzipxError | undefined {
    const taken = this.#plan.takeUnplaced(entry, number) ?? this.claim(entry, number);
    return taken instanceof UnzipxError ? taken.in({ entry: entry.path }) : undefined;
  }

  /** In archive order, or that in which x would see them. Returns why the entry is refused, or its place. */
  claim(entry: Entry, mark: Mark): UnzipxError | Place {
    const refusal = this.#byEngine ? refusedByEngine(entry) : undefined;
    if (refusal !== undefined) return refusal;
    const planned = this.#plan.claim(this.#isPackage ? rooted(bareEntry(entry)) : entry, this.#rulesOf(entry));
    if (planned instanceof UnzipxError) return planned.in({ entry: entry.path });
    if (planned === "skip") throw new UnzipxError("INTERNAL", "Cannot tell what is refused: the usual rules skip nothing");
    const { place } = planned;
    place.dropped = false;
    if (place.type === "symlink" || place.type === "hardlink") this.#links.set(place, mark);
    return place;
  }

  /** When all entries were seen: the links that are refused. */
  finish(refuse: (error: UnzipxError, mark: Mark) => void): void {
    const context = { root: this.#plan.root, policy: DEFAULT_POLICY, renamed: this.#plan.renamed, existing: undefined };
    this.#plan.settleLinks((place) => {
      // Where the target is not known, nothing can be said of it.
      const error = place.linkTarget === undefined ? undefined : refusalOfLink(place, context);
      if (error !== undefined) refuse(error, this.#links.get(place)!);
      return error;
    });
  }
}

const NOTHING_KNOWN = {
  type: "file", size: undefined, packedSize: undefined, mtime: undefined, mode: undefined, linkTarget: undefined, method: "", crc32: undefined, encrypted: false, comment: undefined, refusal: undefined,
} satisfies Omit<Entry, "path">;

/** The engine keeps to itself what it takes for a dangerous link. */
export function refusedByEngine({ type, path, linkTarget, refusal }: Entry): UnzipxError | undefined {
  if (type !== "symlink" || linkTarget === undefined || refusal !== undefined || !leadsOut(path, linkTarget)) return undefined;
  return new UnzipxError("UNSAFE_LINK", "Refused a link: it leads out of the archive", { entry: path, found: linkTarget });
}
