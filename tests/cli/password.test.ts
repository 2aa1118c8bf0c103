import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packingArguments } from "../../src/cli/create-arguments.ts";
import { passwordOf, type PasswordOptions } from "../../src/cli/password.ts";
import type { Flags } from "../../src/cli/program.ts";
import { UnzipxError } from "../../src/errors.ts";
import { encryptWhole } from "../../src/formats/zip/encrypt.ts";
import { buildZip, FLAG_ENCRYPTED } from "../helpers/build.ts";
import { bundleScript } from "../helpers/bundle.ts";
import { sandbox } from "../helpers/cli.ts";
import { errorOf } from "../helpers/library.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

interface Asked {
  readonly password: () => Promise<string | undefined>;
  readonly warnings: string[];
  readonly questions: string[];
}

/** `answers`: what the user types; none = there is no terminal. */
function sourced(flags: Flags, options: Partial<PasswordOptions> = {}, answers: readonly (string | undefined)[] = []): Asked {
  const warnings: string[] = [];
  const questions: string[] = [];
  const left = [...answers];
  const password = passwordOf(flags, {
    creating: false, stdinIsTaken: false, env: {}, warn: (message) => void warnings.push(message),
    ask: async (question) => {
      questions.push(question);
      return left.shift();
    },
    ...options,
  });
  return { password, warnings, questions };
}

function file(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), "password");
  writeFileSync(path, content);
  return path;
}

const stdin = (...chunks: string[]): AsyncIterable<Uint8Array> => (async function* () {
  for (const chunk of chunks) yield Buffer.from(chunk);
})();

function usageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UnzipxError && error.code === "USAGE") return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("passwordOf()", () => {
  it("takes --password as it is, also empty, and warns once", async () => {
    for (const password of ["secret", "", " a ", "ü€"]) {
      const { password: ask, warnings, questions } = sourced({ password }, { env: { UNZIPX_PASSWORD: "other" } });
      expect([await ask(), await ask(), questions]).toEqual([password, password, []]);
      expect(warnings).toEqual([expect.stringContaining("visible")]);
      if (password !== "") expect(warnings[0]).not.toContain("secret");
    }
  });

  it("takes the first line of --password-file without its end", async () => {
    for (const [content, password] of [
      ["secret", "secret"], ["secret\n", "secret"], ["secret\r\nmore\r\n", "secret"], ["\n", ""], ["\r\n", ""], [" with spaces \n", " with spaces "],
      ["ü€\n", "ü€"], ["\ufeffmarked\n", "marked"], [`${"x".repeat(4096)}\nrest`, "x".repeat(4096)],
    ] as const) {
      expect(await sourced({ passwordFile: file(content) }).password()).toBe(password);
    }
  });

  it("does not take a file without anything in it, with more than a password, or with other bytes than UTF-8", async () => {
    for (const content of ["", "x".repeat(4097), Buffer.from([0x66, 0xfc, 0x0a])]) {
      expect((await errorOf(sourced({ passwordFile: file(content) }).password())).code).toBe("USAGE");
    }
    expect((await errorOf(sourced({ passwordFile: "/nonexistent/password" }).password())).code).toBe("NO_INPUT");
  });

  it.skipIf(process.platform === "win32")("does not read a file that has no end to its end", async () => {
    expect((await errorOf(sourced({ passwordFile: "/dev/zero" }).password())).code).toBe("USAGE");
  });

  it("takes the first line of standard input, however it arrives, and no more", async () => {
    expect(await sourced({ passwordStdin: true }, { stdin: stdin("sec", "ret\nrest", "never") }).password()).toBe("secret");
    expect((await errorOf(sourced({ passwordStdin: true }, { stdin: stdin() }).password())).code).toBe("USAGE");
    expect(usageOf(() => sourced({ passwordStdin: true }, { stdinIsTaken: true }))).toContain("standard input");
  });

  it("takes UNZIPX_PASSWORD where no flag is given, and empty is unset", async () => {
    expect(await sourced({}, { env: { UNZIPX_PASSWORD: "secret" } }).password()).toBe("secret");
    expect(await sourced({}, { env: { UNZIPX_PASSWORD: "" } }).password()).toBeUndefined();
  });

  it("refuses two flags at once, and names them", () => {
    expect(usageOf(() => sourced({ password: "a", passwordFile: "b" }))).toContain("--password and --password-file");
    expect(usageOf(() => sourced({ passwordStdin: true, passwordFile: "b" }))).toContain("--password-file and --password-stdin");
  });

  it("asks on the terminal once, and only when it is needed", async () => {
    const { password, questions } = sourced({}, {}, ["typed", "never"]);
    expect(questions).toEqual([]);
    expect([await password(), await password(), questions]).toEqual(["typed", "typed", ["Password: "]]);
    expect(await sourced({}, {}, [""]).password()).toBe("");
    expect(await sourced({}).password()).toBeUndefined();
  });

  it("asks for a new password until it was typed twice and is not empty", async () => {
    const { password, questions, warnings } = sourced({}, { creating: true }, ["", "one", "two", "three", "three"]);
    expect(await password()).toBe("three");
    expect([questions.length, warnings]).toEqual([5, ["the password is empty", "the two passwords differ"]]);
    expect(await sourced({}, { creating: true }, ["one", undefined]).password()).toBeUndefined();
    expect(await sourced({}, { creating: true }).password()).toBeUndefined();
  });
});

describe("packingArguments()", () => {
  it("a password without -e is no encryption, and so a mistake", () => {
    for (const flags of [{ password: "" }, { passwordFile: "f" }, { passwordStdin: true }, { encryptMethod: "aes256" }] as Flags[]) {
      expect(usageOf(() => packingArguments(flags))).toContain("-e");
      if (flags["encryptMethod"] === undefined) expect(packingArguments({ ...flags, encrypt: true }).encryption).toBe("aes256");
    }
  });
  it("ZipCrypto has to be spelled out", () => {
    expect(packingArguments({ encrypt: true }).encryption).toBe("aes256");
    expect(packingArguments({ encrypt: true, encryptMethod: "zipcrypto" }).encryption).toBe("zipcrypto");
  });
  it("--split is a size", () => {
    expect(packingArguments({ split: "1.5M" }).split).toBe(1.5 * 1024 * 1024);
    expect(usageOf(() => packingArguments({ split: "many" }))).toContain("--split");
  });
});

const data = (content: string): Buffer => encryptWhole(Buffer.from(content), crc32(Buffer.from(content)), { method: "zipcrypto", password: "secret" });
const archive = buildZip([{ name: "a", content: "content", flags: FLAG_ENCRYPTED, data: data("content") }]);

describe("the command", () => {
  it("every way to give the password opens the archive, and it is not repeated anywhere", () => {
    const where = sandbox();
    where.file("a.zip", archive);
    where.file("pw", "secret\n");
    for (const [args, options] of [
      [["-p", "secret"], {}], [["--password=secret"], {}], [["--password-file", "pw"], {}], [["--password-stdin"], { input: Buffer.from("secret\n") }], [[], { env: { UNZIPX_PASSWORD: "secret" } }],
    ] as const) {
      const ran = where.run(["t", "a.zip", "-v", "--json", ...args], options);
      expect([args, ran.code]).toEqual([args, 0]);
      expect(ran.stdout + ran.stderr).not.toContain("secret");
      expect(where.run(["x", "-O", "a.zip", ...args], options)).toMatchObject({ code: 0, stdout: "content" });
    }
  });

  it("none or a wrong one: exit 82, nothing is left, and the hint can be typed", () => {
    const where = sandbox();
    where.file("a.zip", archive);
    for (const env of [{}, { UNZIPX_PASSWORD: "Tr0ub4dor" }]) {
      const ran = where.run(["x", "a.zip"], { env });
      expect(ran.code).toBe(82);
      expect(ran.stderr).toContain("hint: --password-file FILE");
      expect(ran.stderr).not.toContain("Tr0ub4dor");
    }
    expect(where.contents()).toEqual({ "a.zip": expect.any(String) });
  });

  it("standard input cannot be both: exit 7", () => {
    expect(sandbox().run(["t", "-", "--password-stdin"], { input: archive }).code).toBe(7);
  });

  it("-p is warned about, unless it is told to be quiet", () => {
    const where = sandbox();
    where.file("a.zip", archive);
    expect(where.run(["t", "a.zip", "-p", "secret"]).stderr.match(/visible to everybody/g)?.length).toBe(1);
    expect(where.run(["t", "a.zip", "-q", "-p", "secret"]).stderr).toBe("");
  });

  it("c -e makes what x opens; without a password and a terminal it is exit 7, and nothing is made", () => {
    const where = sandbox();
    where.file("in/a", "content");
    expect(where.run(["c", "-e", "out.zip", "in"])).toMatchObject({ code: 7, stderr: expect.stringContaining("--password-file FILE") });
    expect(where.run(["c", "-e", "out.zip", "in"], { env: { UNZIPX_PASSWORD: "secret" } }).code).toBe(0);
    expect(where.run(["l", "out.zip"]).code).toBe(0); // the names are no secret
    expect(where.run(["x", "out.zip", "-C", "back"], { env: { UNZIPX_PASSWORD: "secret" } }).code).toBe(0);
    expect(where.contents("back")).toEqual({ "in/": "", "in/a": "content" });
  });

  it("c -s makes parts of at most that size", () => {
    const where = sandbox();
    where.file("in", Buffer.alloc(200_000, 1).map((_, at) => (at * at) >> 3));
    expect(where.run(["c", "-0", "-s", "64k", "out.zip", "in"]).code).toBe(0);
    expect(Object.keys(where.contents())).toEqual(["in", "out.z01", "out.z02", "out.z03", "out.zip"]);
    expect(where.run(["c", "-s", "1k", "-f", "out.zip", "in"]).code).toBe(7);
  });
});

// A real pseudo-terminal, which Node itself cannot open.
const python = has("python3") && spawnSync("python3", ["-c", "import pty"]).status === 0;

describe.skipIf(process.platform === "win32" || !python)("the question on a real terminal", () => {
  let built: string;
  let script: string;
  beforeAll(async () => {
    built = mkdtempSync(join(tmpdir(), "unzipx-password-"));
    script = join(built, "ask.mjs");
    await bundleScript(`
      import { passwordOf } from "./src/cli/password.ts";
      import { askSecretly } from "./src/cli/prompt.ts";
      const talk = (text) => void process.stderr.write(text + "\\n");
      try {
        const ask = passwordOf({}, { creating: process.argv[2] === "new", stdinIsTaken: false, env: {}, warn: talk, ask: askSecretly });
        talk("GOT " + [...(await ask()) ?? "nothing"].reverse().join(""));
      } catch (error) {
        talk("STOPPED " + error.code);
        process.exitCode = error.exitCode;
      }`, script);
  });
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  // Types one line after each question, and prints what the terminal showed, how it was left, and how the program ended.
  const DRIVER = `
import os, pty, sys, termios
lines = [line.encode().decode("unicode_escape").encode("latin1") for line in sys.argv[2:]]
pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", sys.argv[1]])
out = b""
seen = 0
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
    if lines and (out.count(b"word: ") + out.count(b"again: ")) > seen:
        seen += 1
        os.write(fd, lines.pop(0))
sys.stdout.write(out.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

  function onTerminal(lines: readonly string[], mode: "new" | "old" = "old"): Promise<{ shown: string; status: number | null }> {
    return new Promise((resolve) => {
      const child = spawn("python3", ["-c", DRIVER, `${process.execPath} ${script} ${mode}; code=$?; stty -a | grep -q -- ' -echo ' && echo NO ECHO; exit $code`, ...lines], { stdio: ["ignore", "pipe", "inherit"] });
      let shown = "";
      child.stdout.setEncoding("utf8").on("data", (chunk) => void (shown += String(chunk)));
      child.once("close", (status) => resolve({ shown: shown.replaceAll("\r", ""), status }));
    });
  }

  it("shows nothing of what is typed, and leaves the terminal as it was", async () => {
    expect(await onTerminal(["secret\\r"])).toEqual({ shown: "Password: \nGOT terces\n", status: 0 });
  });
  it("knows the keys that edit a line, and letters of more than one byte", async () => {
    expect((await onTerminal(["wrong\\x15sef\\x7fcü\\x7fret\\xc3\\xa4\\r"])).shown).toContain("GOT äterces");
  });
  it("a new password is typed twice", async () => {
    expect(await onTerminal(["one\\r", "two\\r", "abc\\r", "abc\\r"], "new")).toEqual({
      shown: "New password: \nThe same again: \nthe two passwords differ\nNew password: \nThe same again: \nGOT cba\n", status: 0,
    });
  });
  it("Ctrl-D is no answer, and Ctrl-C ends with 130", async () => {
    expect((await onTerminal(["\\x04"])).shown).toContain("GOT gnihton");
    expect(await onTerminal(["abc\\x03"])).toEqual({ shown: "Password: \nSTOPPED INTERRUPTED\n", status: 130 });
  });
  it("is not asked by a process without a terminal, and it does not wait", async () => {
    const child = spawn(process.execPath, [script], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let shown = "";
    child.stderr.on("data", (chunk) => void (shown += String(chunk)));
    await new Promise((resolve) => child.once("close", resolve));
    expect(shown).toBe("GOT gnihton\n");
  });
});
