/** The working process as the runner sees it: asked one thing at a time, replaced when it hangs, crashes or has grown. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../src/safe/publish.ts";
import type { Answer, Done, Report, Request, Settings } from "./protocol.ts";

/** How a request ended. `at` is the number of the case that was under way. */
export type Ending = { readonly kind: "done"; readonly done: Done } | { readonly kind: "hang" | "crash"; readonly at: number; readonly why: string };

/** A single case that takes so long, in milliseconds, does not end. The engine's own watchdog waits for 30 s, and a case has up to eight runs. */
const PATIENCE = 180_000;
const LOOKS = 500;

export class WorkProcess {
  readonly #settings: Omit<Settings, "work">;
  readonly #entry: string;
  readonly #top: string;
  readonly #patience: number;
  #child: ChildProcess | undefined;
  #work = "";

  constructor(options: { readonly entry: string; readonly top: string; readonly settings: Omit<Settings, "work">; readonly patience?: number }) {
    this.#entry = options.entry;
    this.#top = options.top;
    this.#settings = options.settings;
    this.#patience = options.patience ?? PATIENCE;
  }

  async ask(request: Request, finding: (report: Report) => void): Promise<Ending> {
    const child = (this.#child ??= this.#start());
    return new Promise((resolve) => {
      let since = Date.now();
      let last = "";
      const ended = (ending: Ending): void => {
        clearInterval(watchdog);
        child.off("message", onMessage).off("exit", onExit);
        if (ending.kind !== "done" || ending.done.tired) this.stop();
        resolve(ending);
      };
      const onMessage = (answer: Answer): void => {
        if (answer.kind === "finding") finding(answer);
        else ended({ kind: "done", done: answer });
      };
      const onExit = (code: number | null, signal: string | null): void => ended({ kind: "crash", at: this.#at(), why: signal ?? `exit ${code}` });
      const watchdog = setInterval(() => {
        const now = this.#progress();
        if (now !== last) [last, since] = [now, Date.now()];
        else if (Date.now() - since > this.#patience) ended({ kind: "hang", at: this.#at(), why: `no end after ${this.#patience / 1000} s` });
      }, LOOKS);
      child.on("message", onMessage).on("exit", onExit);
      child.send(request);
    });
  }

  stop(): void {
    const [child, work] = [this.#child, this.#work];
    this.#child = undefined;
    if (child === undefined) return;
    child.removeAllListeners();
    child.once("exit", () => clean(work));
    if (child.exitCode !== null || child.signalCode !== null) clean(work);
    else child.kill("SIGKILL");
  }

  #start(): ChildProcess {
    this.#work = mkdtempSync(join(this.#top, "process-"));
    return fork(this.#entry, [JSON.stringify({ ...this.#settings, work: this.#work } satisfies Settings)], { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: ["--max-old-space-size=2048"] });
  }

  #progress(): string {
    try {
      return readFileSync(join(this.#work, "progress"), "latin1");
    } catch {
      return "";
    }
  }

  #at(): number {
    return Number.parseInt(this.#progress(), 10) || 0;
  }
}

function clean(folder: string): void {
  try {
    removeTree(folder);
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // it lies in the temporary folder
  }
}
