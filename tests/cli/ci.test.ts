/** Where a build service runs us: its log is read by people afterwards, and by itself at once. */
import { openSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isCi } from "../../src/cli/ci.ts";
import { annotation, group } from "../../src/cli/github.ts";
import { createProgressLines } from "../../src/cli/progress-lines.ts";
import { buildTar, buildZip, paxHeader } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";

const ACTIONS = { env: { GITHUB_ACTIONS: "true", CI: "true" } };
/** What the runner of GitHub Actions takes for a command of its own, and Azure and TeamCity for one of theirs. */
const commandsIn = (text: string): string[] => text.split("\n").filter((line) => /^\s*::/.test(line) || /##\w*\[/.test(line));

describe("isCi()", () => {
  it("knows what build services set", () => {
    for (const env of [{ CI: "true" }, { CI: "1" }, { GITHUB_ACTIONS: "true" }, { GITLAB_CI: "true" }, { TF_BUILD: "True" }, { JENKINS_URL: "http://ci" }, { TEAMCITY_VERSION: "2026" }]) expect(isCi(env)).toBe(true);
  });
  it("and who is none", () => {
    for (const env of [{}, { CI: "" }, { CI: "false" }, { CI: "0" }, { GITHUB_ACTIONS: "false" }]) expect(isCi(env)).toBe(false);
  });
});

describe("progress in lines", () => {
  const linesOf = (steps: readonly (readonly [at: number, bytes: number])[], total: number | undefined): string[] => {
    const lines: string[] = [];
    let time = 0;
    const { reporter } = createProgressLines({ write: (line) => void lines.push(line), now: () => time });
    reporter.start(total);
    for (const [at, bytes] of steps) {
      time = at;
      reporter.progress(bytes, "name");
    }
    reporter.done();
    time = 1e9;
    reporter.progress(1, "name");
    return lines;
  };
  it("there are none when the run is short", () => expect(linesOf([[100, 10], [4900, 80]], 100)).toEqual([]));
  it("tells how far it is, how fast and how long", () => {
    expect(linesOf([[1000, 1 << 20], [6000, 2 << 20]], 10 << 20)).toEqual(["unzipx: 30 % of 10 MiB, 512 KiB/s, 14 s left\n"]);
    expect(linesOf([[6000, 6 << 20]], undefined)).toEqual(["unzipx: 6.0 MiB, 1.0 MiB/s\n"]);
  });
  it("counts what was done before it is known how much there is, and nothing of the archive before", () => {
    const lines: string[] = [];
    let time = 0;
    const { reporter } = createProgressLines({ write: (line) => void lines.push(line), now: () => time });
    for (let archive = 0; archive < 2; archive++) {
      reporter.progress(40, "name");
      reporter.start(100);
      time += 6000;
      reporter.progress(10, "name");
      reporter.done();
    }
    expect(lines.map((line) => line.split(",")[0])).toEqual(["unzipx: 50 % of 100 B", "unzipx: 50 % of 100 B"]);
  });
  it("comes seldom, and seldomer the longer it lasts, but every minute", () => {
    const hour = Array.from({ length: 36_000 }, (_, at): [number, number] => [at * 100, 1]);
    const lines = linesOf(hour, 36_000);
    expect(lines.length).toBeGreaterThan(58);
    expect(lines.length).toBeLessThan(80);
  });
  it("is no matter of a short run, whoever runs it", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "a", content: "x" }]));
    const { stderr } = where.run(["x", "a.zip"], { env: { CI: "true" } });
    expect(stderr.split("\n")).toHaveLength(2);
    expect(stderr).toMatch(/^✓ extracted/);
  });
});

describe("on GitHub Actions", () => {
  it("errors and warnings are annotations, with their hint, and the summary is not", () => {
    const where = sandbox();
    where.file("a.zip", Buffer.concat([buildZip([{ name: "good", content: "x" }]), Buffer.from("trailing")]));
    const ran = where.run(["x", "a.zip", "missing,50%:off.zip"], ACTIONS);
    expect(ran.stderr).toMatch(/^::error title=unzipx::Cannot select "missing,50%25:off\.zip": no entry matches \[a\.zip\]%0Ahint: /m);
    const { stderr } = where.run(["t", "a.zip"], ACTIONS);
    expect(stderr).toMatch(/^::warning title=unzipx::The zip archive is followed by 8 bytes/m);
    expect(stderr).toMatch(/^✓ a\.zip: no errors/m);
    expect(stderr).not.toContain("unzipx: warning");
  });
  it("the names of -v can be folded away, archive by archive, and what follows stands outside", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "one", content: "x" }]));
    where.file("b.tar", buildTar([{ name: "two", content: "x" }, { name: "cut" }]).subarray(0, 1200));
    expect(where.run(["t", "-v", "a.zip", "b.tar"], ACTIONS).stderr.split("\n").slice(0, 8)).toEqual([
      "::group::a.zip", "one", "::endgroup::", "::group::b.tar", "two", "::endgroup::", expect.stringMatching(/^✓ a\.zip/), expect.stringMatching(/^::error title=unzipx::/),
    ]);
  });
  it("a text cannot begin another command", () => {
    expect(annotation("error", "100 %\r\n::set-output::x")).toBe("::error title=unzipx::100 %25%0D%0A::set-output::x\n");
    expect(group("a\n::error::b%")).toBe("::group::a%0A::error::b%25\n");
  });
  it("nothing that an archive holds becomes a command, in lists, names, errors, comments and JSON", { timeout: 60_000 }, () => {
    const where = sandbox();
    const evil = ["::error::x", "  ::add-mask::x", "\u3000::warning::x", "##[error]x", "a##vso[task.setvariable variable=x]y", "##teamcity[x]", "x\n::stop-commands::y", "a/##[set-env name=x]"];
    where.file("a.tar", buildTar(evil.flatMap((name) => [paxHeader({ path: name }), { name: "x", content: "x" }, paxHeader({ path: `../${name}` }), { name: "y" }, paxHeader({ path: `l${name}`, linkpath: name }), { name: "l", type: "2", link: "x" }])));
    where.file("a.zip", buildZip([{ name: "a", content: "x", central: { crc32: 1, comment: evil[0]! }, local: { crc32: 1 } }], { comment: `c\n${evil.join("\n")}` }));
    for (const name of ["a.tar", "a.zip"]) {
      for (const words of [["l"], ["l", "-q"], ["l", "-1"], ["l", "-l"], ["l", "--tree"], ["l", "--info"], ["l", "--json"], ["l", "--ndjson"], ["t", "-v"], ["t", "--audit"], ["x", "-v", "-C", "out"], ["x", "-C", "out", "-n"]]) {
        const { stdout, stderr } = where.run([...words, name], ACTIONS);
        expect([words, commandsIn(stdout)]).toEqual([words, []]);
        expect([words, commandsIn(stderr).filter((line) => !/^::(error|warning) title=unzipx::(?!.*##\w*\[)|^::group::a\.|^::endgroup::$/.test(line))]).toEqual([words, []]);
      }
    }
    for (const name of evil) {
      const { stderr } = where.run(["l", "a.tar", "--", `${name}!`], ACTIONS);
      expect(commandsIn(stderr)).toHaveLength(1);
    }
  });
  it("JSON has such names exact all the same", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "##[error]x", content: "x" }]));
    const { stdout } = where.run(["l", "--json", "a.tar"]);
    expect((JSON.parse(stdout) as { archives: [{ entries: [{ path: string }] }] }).archives[0].entries[0].path).toBe("##[error]x");
    expect(stdout).not.toContain("##[");
  });
  it("there are none where it does not read: in a file", () => {
    const where = sandbox();
    const file = join(where.folder, "log");
    spawnSync(process.execPath, [join(import.meta.dirname, "../../bin/unzipx.js"), "x", "missing.zip"], { cwd: where.folder, stdio: ["ignore", "ignore", openSync(file, "w")], env: { ...process.env, ...ACTIONS.env, UNZIPX_ACCEPT_TERMS: "1" } });
    expect(readFileSync(file, "utf8")).toMatch(/^unzipx: cannot open "missing\.zip"/);
  });
  it("--json and --ndjson are nothing else", () => {
    const where = sandbox();
    for (const form of ["--json", "--ndjson"]) expect(where.run(["x", "missing.zip", form], ACTIONS)).toMatchObject({ code: 9, stderr: "" });
  });
});
