/**
 * What is measured, in the order in which it is. A group is set up once in the run folder: an input, and the archives that its
 * rows read. `named`: only where --only asks for it.
 */
import { EXTRACT, peer, row, ux } from "./contenders.mjs";
import { scaleRows, sparseRows } from "./rows/scale.mjs";
import { rarExtract, sevenCreate, sevenExtract, sevenTest } from "./rows/seven.mjs";
import { startRows } from "./rows/start.mjs";
import { tarCreate, tarExtract, tarFilterCreate, tarFilterExtract, tarList } from "./rows/tar.mjs";
import { zipCreate, zipExtract, zipList, zipTest } from "./rows/zip.mjs";

/** What is read by 7-Zip's engine, or by it where others read it too. */
function slowReads(input) {
  return [
    tarFilterExtract("xz", input),
    tarFilterExtract("bz2", input),
    sevenExtract("7z-extract-solid", "7z extract, one solid block", `${input}.solid.7z`),
    sevenExtract("7z-extract-blocks", "7z extract, several blocks", `${input}.blocks.7z`),
    sevenTest("7z-test", "7z test, several blocks", `${input}.blocks.7z`),
  ];
}
const SLOW_ARCHIVES = ["tar.xz", "tar.bz2", "solid.7z", "blocks.7z"];

export function groups({ quick, sparseGigabytes }) {
  const full = (...rows) => (quick ? [] : rows);
  const listed = quick ? 30_000 : 100_000;
  const about = `${listed.toLocaleString("en-US")} entries`;
  return [
    {
      input: "tree",
      archives: ["zip", "tar", "tar.gz", "tar.zst", ...(quick ? [] : SLOW_ARCHIVES)],
      rows: [
        zipExtract("zip-extract-small", "zip extract, many small files", "tree", { unar: !quick }),
        zipCreate("zip-create", "zip create, level 6, many small files", "tree", { usual: !quick, least: true }),
        zipTest("zip-test", "zip test, many small files", "tree"),
        ...full(zipCreate("zip-create-1", "zip create, level 1, many small files", "tree", { level: 1 }), zipCreate("zip-create-9", "zip create, level 9, many small files", "tree", { level: 9 })),
        tarFilterExtract("gz", "tree"),
        tarFilterCreate("gz", "tree"),
        tarFilterExtract("zst", "tree"),
        tarFilterCreate("zst", "tree"),
        tarExtract("tar-extract", "tar extract", "tree"),
        tarCreate("tar-create", "tar create", "tree"),
        ...full(...slowReads("tree")),
      ],
    },
    {
      // Smaller, because these are slow.
      input: "some",
      archives: quick ? ["tar", ...SLOW_ARCHIVES] : [],
      rows: [...(quick ? slowReads("some") : []), tarFilterCreate("xz", "some"), tarFilterCreate("bz2", "some"), sevenCreate("7z-create", "7z create, level 5", "some")],
    },
    { input: "rar", archives: [], rows: [rarExtract("rar-extract", "rar extract, one large file", "found.rar")] },
    {
      input: "large",
      archives: ["zip"],
      rows: [zipExtract("zip-extract-large", "zip extract, few large files", "large"), zipCreate("zip-create-large", "zip create, level 6, few large files", "large", { least: true })],
    },
    {
      input: "media",
      archives: ["zip"],
      rows: [zipExtract("zip-extract-media", "zip extract, stored media", "media"), zipCreate("zip-create-media", "zip create, level 6, media", "media")],
    },
    {
      input: "huge",
      archives: ["zip", "gz"],
      rows: [
        zipExtract("zip-extract-huge", "zip extract, one huge file", "huge", { least: ["inflate", "huge.zip"] }),
        row("gz-extract-huge", "gz to standard output, one huge file", EXTRACT, [
          ux("x", "-O", "huge.txt.gz"), peer("gzip", "-dc", "huge.txt.gz"), peer("pigz", "-dc", "huge.txt.gz"),
        ].map((one) => one.into("out/huge/huge.txt"))),
        ...full(zipCreate("zip-create-huge", "zip create, level 6, one huge file", "huge")),
      ],
    },
    {
      input: "tiny",
      archives: ["zip", "tar"],
      rows: [
        zipExtract("zip-extract-tiny", "zip extract, tiny files", "tiny"),
        tarExtract("tar-extract-tiny", "tar extract, tiny files", "tiny"),
        ...full(zipCreate("zip-create-tiny", "zip create, level 6, tiny files", "tiny")),
      ],
    },
    {
      input: "deep",
      archives: ["zip", "tar"],
      rows: [zipExtract("zip-extract-deep", "zip extract, deep tree", "deep"), tarExtract("tar-extract-deep", "tar extract, deep tree", "deep")],
    },
    {
      input: `entries-${listed}`,
      archives: ["zip", "tar"],
      rows: [zipList("zip-list", `zip list, ${about}`, `entries-${listed}`), tarList("tar-list", `tar list, ${about}`, `entries-${listed}`)],
    },
    { input: "small", archives: ["zip"], rows: startRows },
    ...(quick ? [1e3, 1e4, 1e5] : [1e4, 1e5, 1e6]).map((entries) => ({ input: `entries-${entries}`, archives: ["zip", "tar"], rows: scaleRows(entries), named: quick && "scale" })),
    { input: "sparse", gigabytes: sparseGigabytes, archives: ["zip", "tar"], rows: sparseRows(sparseGigabytes), named: "sparse" },
  ];
}
