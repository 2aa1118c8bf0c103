/** Where unzipx wants to be: the numbers, by row. Ratios of medians, on two cores. */

const within = (most, against) => ({ most, against });
/** The fastest of all peers of the row. */
const FASTEST = "the fastest peer";

const zip = (level) => ({ size: { most: 1.01, against: `zip -${level}` } });
const zipCreate = { times: [within(0.36, "zip -6"), within(0.7, "7zz -mx3")], ...zip(6) };
const large = { times: [within(0.55, FASTEST)] };
const list = { times: [within(0.6, "7zz")] };
const test = { times: [within(0.5, "7zz")] };
const xz = { times: [within(1, FASTEST)] };
/** lbzip2 is measured beside them, but is no goal. */
const bzip2 = { times: [within(1, "bsdtar"), within(1, "7zz")] };

const GOALS = {
  "zip-extract-small": { times: [within(0.55, "bsdtar"), within(0.4, "unzip")] },
  "zip-extract-tiny": { times: [within(0.55, "bsdtar"), within(0.4, "unzip")] },
  "zip-extract-deep": { times: [within(0.55, "bsdtar"), within(0.4, "unzip")] },
  "zip-extract-large": large,
  "zip-extract-media": large,
  "zip-extract-huge": large,
  "zip-create": zipCreate,
  "zip-create-1": zip(1),
  "zip-create-9": zip(9),
  "zip-create-large": zipCreate,
  "zip-create-media": zipCreate,
  "zip-create-huge": zipCreate,
  "zip-create-tiny": zipCreate,
  "targz-extract": { times: [within(0.65, "bsdtar")] },
  "targz-create": { times: [within(0.55, "tar + pigz")] },
  "tarzst-extract": { times: [within(0.9, "tar + zstd")] },
  "tarzst-create": { times: [within(1, "tar + zstd -T0")] },
  "tarxz-extract": xz,
  "tarxz-create": xz,
  "tarbz2-extract": bzip2,
  "tarbz2-create": bzip2,
  "7z-extract-solid": { times: [within(0.8, "bsdtar"), within(0.8, "7za")] },
  "7z-extract-blocks": { times: [within(0.8, "bsdtar"), within(0.8, "7za"), within(1.3, "7zz")] },
  "rar-extract": { times: [within(0.8, "bsdtar")] },
  "7z-create": { times: [within(1, "7za")], size: { most: 1.02, against: "7za" } },
  "zip-list": list,
  "tar-list": list,
  "zip-test": test,
  "7z-test": test,
  "start-version": { times: [within(1.3, "node -e 0")] },
  "start-list": { times: [within(1.6, "node -e 0")] },
};

/** Whatever the archive's size. Dictionaries of LZMA come on top, one for each block that is decoded at a time; what packs with it, needs a dozen of them. */
const MEMORY = 200e6;
const ENCODES_LZMA = new Set(["tarxz-create", "7z-create"]);
const DICTIONARIES = { "tarxz-extract": 2 * (8 << 20), "7z-extract-solid": 32 << 20, "7z-extract-blocks": 2 * (32 << 20), "7z-test": 2 * (32 << 20), "rar-extract": 4 << 20 };

/**
 * What became of a row's goals: [{ what, value, most, against, reached, floor }], empty where it has none. `value` and `reached` are
 * absent where nobody was there to be compared with; `floor`, by the same measure, where no floor was measured.
 */
export function judge(id, runs) {
  const own = runs.find(({ tool }) => tool === "unzipx");
  const peers = runs.filter(isPeer);
  const least = runs.find(({ tool }) => tool === "floor");
  const compare = (what, measureOf, { most, against }) => {
    const values = peers.filter(({ name }) => against === FASTEST || name === against).map(measureOf);
    if (own === undefined || values.length === 0) return { what, most, against };
    const measure = Math.min(...values);
    const value = measureOf(own) / measure;
    return { what, value, most, against, reached: value <= most, ...(least !== undefined && what === "time" && { floor: measureOf(least) / measure }) };
  };
  const { times = [], size } = GOALS[id] ?? {};
  const judged = times.map((goal) => compare("time", (one) => one.median, goal));
  if (size !== undefined) judged.push(compare("size", (one) => one.outputBytes, size));
  if (own?.peak !== undefined && !ENCODES_LZMA.has(id)) {
    const most = MEMORY + (DICTIONARIES[id] ?? 0);
    judged.push({ what: "memory", value: own.peak, most, reached: own.peak <= most });
  }
  return judged;
}

/** Whom unzipx is compared with. */
export function isPeer({ tool }) {
  return tool !== "unzipx" && tool !== "floor";
}

/** "3 of 5" over rows; `counted` says which goals. What could not be compared is not counted. */
export function reachedOf(rows, counted) {
  const judged = rows.flatMap(({ goals }) => goals).filter((goal) => counted(goal) && goal.reached !== undefined);
  return `${judged.filter(({ reached }) => reached).length} of ${judged.length}`;
}

export const isMemory = ({ what }) => what === "memory";
