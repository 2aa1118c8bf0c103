/** What is said of a wrong command line: the words of all other errors, and something to type. */
import { expect, it } from "vitest";
import { buildZip } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";

const TABLE: readonly (readonly [typed: string, said: string, hint: string])[] = [
  ["x a.zip --dryrun", 'cannot understand "--dryrun": unzipx x has no such flag', "--dry-run"],
  ["extract a.zip --frobnicate", 'cannot understand "--frobnicate": unzipx x has no such flag', "unzipx x --help"],
  ["--frobnicate", 'cannot understand "--frobnicate": unzipx has no such flag', "unzipx --help"],
  ["-y l a.zip", 'cannot understand "-y": flags stand behind the command', "unzipx l -y …"],
  ["extrat a.zip", 'cannot understand "extrat": it is no command', "unzipx extract"],
  ["a.zip", 'cannot understand "a.zip": it is no command', "unzipx x a.zip"],
  ["l", "cannot run unzipx l: ARCHIVE is missing", "unzipx l --help"],
  ["x a.zip -C", "cannot understand --directory: its value is missing", "unzipx x --help"],
  ["l a.zip --color maybe", 'cannot understand --color "maybe": it is none of auto, always, never', "unzipx l --help"],
  ["l a.zip --hash md5", 'cannot understand --hash "md5": it is not sha256', "unzipx l --help"],
  ["l a.zip -l --tree", "cannot do both: --long and --tree contradict each other", "unzipx l --help"],
  ["terms maybe", 'cannot understand "maybe": it is none of show, accept, status, revoke', "unzipx terms --help"],
  ["formats zip", "cannot run unzipx formats: it takes no words", "unzipx formats --help"],
];

for (const [typed, said, hint] of TABLE) {
  it(`unzipx ${typed}: ${said}`, () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a" }]));
    expect(where.run(typed.split(" "))).toMatchObject({ code: 7, stdout: "", stderr: `unzipx: ${said}\nhint: ${hint}\n` });
  });
}
