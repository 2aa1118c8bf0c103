import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Acceptance, readAcceptance, storeFile, writeAcceptance } from "../../src/cli/store.ts";
import { TERMS_DIGEST, TERMS_VERSION } from "../../src/cli/terms-edition.ts";
import { changesSince } from "../../src/cli/terms-text.ts";
import { type GateOptions, requireTerms, termsAccept, termsRevoke, termsShow, termsStatus } from "../../src/cli/terms.ts";
import { UnzipxError } from "../../src/errors.ts";
import { bundleScript } from "../helpers/bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const current: Acceptance = { version: TERMS_VERSION, digest: TERMS_DIGEST, acceptedAt: "2026-11-22T10:00:00.000Z", how: "flag" };

let temporary: string;
let folder: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "unzipx-gate-"));
  folder = join(temporary, "unzipx");
});
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

interface Outcome {
  error: UnzipxError | undefined;
  questions: string[];
  shown: string;
  warnings: string[];
}

/** Runs the gate; `answer` is what the user types, without one there is no terminal. */
async function gate(options: Partial<GateOptions> = {}, user?: { answer: string | undefined }): Promise<Outcome> {
  const outcome: Outcome = { error: undefined, questions: [], shown: "", warnings: [] };
  try {
    await requireTerms({
      acceptFlag: false,
      env: {},
      folder,
      warn: (message) => outcome.warnings.push(message),
      write: (text) => void (outcome.shown += text),
      canAsk: () => user !== undefined,
      ask: async (question) => {
        outcome.questions.push(question);
        return user?.answer;
      },
      ...options,
    });
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error;
    outcome.error = error;
  }
  return outcome;
}

describe("requireTerms() with an acceptance stored", () => {
  test("lets pass without a word when version and digest are the current ones", async () => {
    await writeAcceptance(folder, current);
    expect(await gate()).toEqual({ error: undefined, questions: [], shown: "", warnings: [] });
  });
  test("asks again when the version is an older one, and shows what changed since it", async () => {
    await writeAcceptance(folder, { ...current, version: "0.9", digest: "0".repeat(64) });
    const { shown, questions } = await gate({}, { answer: "yes" });
    expect(questions).toHaveLength(1);
    expect(shown).toContain("version 0.9");
    for (const change of changesSince("0.9")) expect(shown.replace(/\s+/g, " ")).toContain(change);
    expect(changesSince("0.9").length).toBeGreaterThan(0);
    expect(readAcceptance(folder)).toMatchObject({ version: TERMS_VERSION, digest: TERMS_DIGEST, how: "prompt" });
  });
  test("asks again when only the digest is another one", async () => {
    await writeAcceptance(folder, { ...current, digest: "0".repeat(64) });
    const { shown, questions } = await gate({}, { answer: "no" });
    expect(questions).toHaveLength(1);
    expect(shown).toContain("another text of this version");
  });
  test("names the version that was accepted when there is no terminal", async () => {
    await writeAcceptance(folder, { ...current, version: "0.9" });
    expect((await gate()).error?.message).toContain("version 0.9");
  });
  test("takes a damaged record for none", async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(storeFile(folder), '{"version":');
    expect((await gate()).error?.code).toBe("TERMS_NOT_ACCEPTED");
    expect((await gate({ acceptFlag: true })).error).toBeUndefined();
    expect((await gate()).error).toBeUndefined();
  });
});

describe("requireTerms() without a terminal", () => {
  test("ends with exit code 4 at once and the exact words to add, and stores nothing", async () => {
    const { error, questions, shown } = await gate();
    expect(error?.exitCode).toBe(4);
    expect(error?.details.hint).toContain("--accept-terms");
    expect(error?.details.hint).toContain("UNZIPX_ACCEPT_TERMS=1");
    expect({ questions, shown }).toEqual({ questions: [], shown: "" });
    expect(existsSync(folder)).toBe(false);
  });
});

describe("requireTerms() with UNZIPX_ACCEPT_TERMS", () => {
  test.each(["1", TERMS_VERSION])("=%s accepts for this run and stores nothing", async (word) => {
    expect((await gate({ env: { UNZIPX_ACCEPT_TERMS: word } })).error).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
  });
  test.each(["0", "0.9", "yes", "true", "2", `${TERMS_VERSION}.0`])("=%s does not accept, and the error says why", async (word) => {
    const { error } = await gate({ env: { UNZIPX_ACCEPT_TERMS: word } });
    expect(error?.code).toBe("TERMS_NOT_ACCEPTED");
    expect(error?.message).toContain(`UNZIPX_ACCEPT_TERMS is "${word}", expected "1" or "${TERMS_VERSION}"`);
  });
  test("of another version still asks on a terminal", async () => {
    const { questions, shown } = await gate({ env: { UNZIPX_ACCEPT_TERMS: "0.9" } }, { answer: "no" });
    expect(questions).toHaveLength(1);
    expect(shown).toContain('UNZIPX_ACCEPT_TERMS is "0.9"');
  });
  test("that is empty is the same as unset", async () => {
    expect((await gate({ env: { UNZIPX_ACCEPT_TERMS: "" } })).error?.message).not.toContain("UNZIPX_ACCEPT_TERMS");
  });
});

describe("requireTerms() with --accept-terms", () => {
  test("accepts, stores, and later runs need nothing", async () => {
    expect(await gate({ acceptFlag: true })).toEqual({ error: undefined, questions: [], shown: "", warnings: [] });
    expect(readAcceptance(folder)).toMatchObject({ version: TERMS_VERSION, digest: TERMS_DIGEST, how: "flag" });
    expect((await gate()).error).toBeUndefined();
  });
  test("stores also when the environment accepts for the run", async () => {
    await gate({ acceptFlag: true, env: { UNZIPX_ACCEPT_TERMS: "1" } });
    expect(readAcceptance(folder)?.how).toBe("flag");
  });
  test("leaves a current acceptance as it is", async () => {
    await writeAcceptance(folder, { ...current, how: "prompt" });
    await gate({ acceptFlag: true });
    expect(readAcceptance(folder)?.how).toBe("prompt");
  });
  test("counts for this run, with a warning, when the home cannot be written to", async () => {
    writeFileSync(folder, "a file where the folder must be");
    const { error, warnings } = await gate({ acceptFlag: true });
    expect(error).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("this run only");
  });
});

describe("requireTerms() on a terminal", () => {
  test("shows a short summary, where to read all of it, and asks one question", async () => {
    const { shown, questions } = await gate({}, { answer: "no" });
    expect(shown.trim().split("\n").length).toBeLessThanOrEqual(11);
    expect(shown).toContain("unzipx terms show");
    expect(questions).toHaveLength(1);
  });
  test("cuts no word at the edge of the terminal, however narrow it is", async () => {
    const words = (text: string): string[] => text.split(/\s+/);
    const wide = (await gate({ columns: () => 1000 }, { answer: "no" })).shown;
    for (const columns of [40, 80]) {
      const { shown } = await gate({ columns: () => columns }, { answer: "no" });
      expect(shown.split("\n").filter((line) => line.length > columns)).toEqual([]);
      expect(words(shown)).toEqual(words(wide));
    }
    expect((await gate({}, { answer: "no" })).shown).toBe((await gate({ columns: () => 80 }, { answer: "no" })).shown);
  });
  test.each(["y", "yes", "Y", "YES", " yes "])("takes %j for yes and stores it", async (answer) => {
    expect((await gate({}, { answer })).error).toBeUndefined();
    expect(readAcceptance(folder)?.how).toBe("prompt");
  });
  test.each(["", "n", "no", "yep", "yes please", "j", "1", undefined])("takes %j for no: exit code 4, nothing stored", async (answer) => {
    expect((await gate({}, { answer })).error?.exitCode).toBe(4);
    expect(existsSync(folder)).toBe(false);
  });
  test("lets a yes count for this run, with a warning, when the home cannot be written to", async () => {
    writeFileSync(folder, "a file where the folder must be");
    const { error, warnings } = await gate({}, { answer: "yes" });
    expect(error).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});

describe("the actions of unzipx terms", () => {
  test("show returns the text of TERMS.md", async () => {
    expect(await termsShow()).toBe(readFileSync(join(root, "TERMS.md"), "utf8"));
  });
  test("status without an acceptance says so, names the file and makes nothing", () => {
    expect(termsStatus(folder)).toEqual({ accepted: false, currentVersion: TERMS_VERSION, currentDigest: TERMS_DIGEST, file: storeFile(folder) });
    expect(existsSync(folder)).toBe(false);
  });
  test("accept stores, status shows it, revoke deletes it", async () => {
    const accepted = await termsAccept(folder);
    expect(accepted).toMatchObject({ accepted: true, version: TERMS_VERSION, digest: TERMS_DIGEST, how: "command" });
    expect(Math.abs(Date.now() - Date.parse(accepted.acceptedAt ?? ""))).toBeLessThan(60_000);
    expect(termsStatus(folder)).toEqual(accepted);
    expect(await termsRevoke(folder)).toMatchObject({ accepted: false, revoked: true });
    expect(existsSync(storeFile(folder))).toBe(false);
    expect((await gate()).error?.code).toBe("TERMS_NOT_ACCEPTED");
  });
  test("status shows an acceptance of other terms as not accepted", async () => {
    await writeAcceptance(folder, { ...current, version: "0.9" });
    expect(termsStatus(folder)).toMatchObject({ accepted: false, version: "0.9", currentVersion: TERMS_VERSION });
  });
  test("revoke of nothing is no error", async () => {
    expect(await termsRevoke(folder)).toMatchObject({ accepted: false, revoked: false });
  });
  test("accept fails when it cannot store", async () => {
    writeFileSync(folder, "a file where the folder must be");
    await expect(termsAccept(folder)).rejects.toMatchObject({ code: "WRITE_FAILED" });
  });
});

describe("changesSince()", () => {
  const text = "# T\n\n## Changes\n\n- 1.10 (d): third\n  on two lines\n- 1.9 (d): second\n- 1.0 (d): first\n\n## 1. A\n\n- 2.0 no change\n";
  test("returns the newer items, comparing numbers and not text", () => {
    expect(changesSince("1.9", text)).toEqual(["1.10 (d): third on two lines"]);
    expect(changesSince("0.9", text)).toHaveLength(3);
  });
  test("returns nothing for the newest or a later version", () => {
    expect(changesSince("1.10", text)).toEqual([]);
    expect(changesSince("2.0", text)).toEqual([]);
  });
});

// A real pseudo-terminal, which Node itself cannot open.
const python = spawnSync("python3", ["-c", "import pty"]).status === 0;

describe.skipIf(process.platform === "win32" || !python)("the question on a real terminal", () => {
  let built: string;
  let script: string;
  beforeAll(async () => {
    built = mkdtempSync(join(tmpdir(), "unzipx-prompt-"));
    script = join(built, "gate.mjs");
    await bundleScript(`
      import { requireTerms } from "./src/cli/terms.ts";
      const [folder] = process.argv.slice(2);
      const talk = (text) => void process.stderr.write(text + "\\n");
      try {
        await requireTerms({ acceptFlag: false, env: process.env, folder, warn: talk, write: talk });
        let input = "";
        if (!process.stdin.isTTY) for await (const chunk of process.stdin) input += chunk;
        talk("PASSED " + input);
      } catch (error) {
        talk("STOPPED " + error.code);
        process.exitCode = error.exitCode;
      }`, script);
  });
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  // Waits for the question, types, and prints what the terminal showed and how the program ended.
  const DRIVER = `
import os, pty, sys
keys, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2]
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", command])
out = b""
asked = False
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
    if not asked and b"[yes/no]" in out:
        asked = True
        os.write(fd, keys)
sys.stdout.write(out.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

  /** `command` is a line for sh, in which $GATE is the program. */
  function onTerminal(keys: string, command: string): Promise<{ shown: string; status: number | null }> {
    return new Promise((resolve) => {
      const { UNZIPX_ACCEPT_TERMS: _, ...env } = process.env;
      const child = spawn("python3", ["-c", DRIVER, keys, command], {
        env: { ...env, GATE: `${process.execPath} ${script} ${folder}` },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let shown = "";
      child.stdout.on("data", (chunk) => void (shown += String(chunk)));
      child.once("close", (status) => resolve({ shown, status }));
    });
  }

  test("yes passes and is stored", async () => {
    const { shown, status } = await onTerminal("yes\\n", "exec $GATE");
    expect(shown).toContain("PASSED");
    expect(status).toBe(0);
    expect(readAcceptance(folder)?.how).toBe("prompt");
  });
  test("the answer comes from the terminal while stdin is a pipe, whose bytes stay untouched", async () => {
    const { shown, status } = await onTerminal("y\\n", "printf 'no\\narchive' | $GATE");
    expect(shown.replaceAll("\r", "")).toContain("PASSED no\narchive");
    expect(status).toBe(0);
  });
  test("no ends with 4", async () => {
    expect((await onTerminal("no\\n", "exec $GATE")).status).toBe(4);
    expect(existsSync(folder)).toBe(false);
  });
  test("Ctrl-D ends with 4", async () => {
    expect((await onTerminal("\\x04", "exec $GATE")).status).toBe(4);
    expect(existsSync(folder)).toBe(false);
  });
  test("Ctrl-D after a word without Enter is no answer", async () => {
    expect((await onTerminal("yes\\x04\\x04", "exec $GATE")).status).toBe(4);
    expect(existsSync(folder)).toBe(false);
  });
  test("Ctrl-C ends with 130 and stores nothing", async () => {
    expect((await onTerminal("\\x03", "exec $GATE")).status).toBe(130);
    expect(existsSync(folder)).toBe(false);
  });
  test("is not asked when stderr is no terminal", async () => {
    const { shown, status } = await onTerminal("", "exec $GATE 2>/dev/null");
    expect(shown).toBe("");
    expect(status).toBe(4);
  });
  test("is not asked by a process without a terminal, and it does not wait", async () => {
    const child = spawn(process.execPath, [script, folder], { detached: true, stdio: ["pipe", "ignore", "pipe"], env: {} });
    const status = await new Promise((resolve) => child.once("exit", resolve));
    expect(status).toBe(4);
  });
});
