/**
 * Questions to the user. The answer comes from the controlling terminal, as stdin may be the archive; the question goes to stderr.
 *
 * The terminal is read without blocking, through the event loop. A synchronous read would keep every signal handler from
 * running, and a read on a thread of the pool could not be called off: it would hold up the exit and eat the next line typed.
 */
import { closeSync, openSync } from "node:fs";
import type { ReadStream } from "node:tty";
import { nodeTty } from "../bytes/node-modules.ts";
import { UnzipxError } from "../errors.ts";
import { stderr } from "./streams.ts";

/** Whether somebody can see a question and answer it. */
export function canAskOnTerminal(): boolean {
  const fd = openTerminal();
  if (fd === undefined) return false;
  closeSync(fd);
  return true;
}

/**
 * One line from the terminal, without its end; undefined when there is no terminal or the input ends (Ctrl-D, a hang-up).
 * Throws INTERRUPTED on Ctrl-C and TERMINATED on SIGTERM, so that the caller's cleaning up is done.
 */
export async function askOnTerminal(question: string): Promise<string | undefined> {
  const terminal = openStream();
  if (terminal === undefined) return undefined;
  try {
    return await readLine(terminal, question);
  } finally {
    terminal.destroy();
  }
}

/** The same, with nothing shown of what is typed. */
export async function askSecretly(question: string): Promise<string | undefined> {
  const terminal = openStream();
  if (terminal === undefined) return undefined;
  terminal.setRawMode(true);
  try {
    return await readSecret(terminal, question);
  } finally {
    terminal.setRawMode(false);
    terminal.destroy();
  }
}

/** In raw mode, which is what keeps a terminal from showing anything, the keys that edit a line and end a program are ours. */
function readSecret(terminal: ReadStream, question: string): Promise<string | undefined> {
  let typed: string[] = [];
  return ask(terminal, question, (chunk, { answer, interrupt }) => {
    for (const key of chunk) {
      if (key === "\r" || key === "\n") return answer(typed.join(""), false);
      if (key === CTRL_C) return interrupt();
      if (key === CTRL_D && typed.length === 0) return answer(undefined, false);
      if (key === BACKSPACE || key === DELETE) typed.pop();
      else if (key === CTRL_U) typed = [];
      else typed.push(key);
    }
  });
}

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_U = "\x15";
const BACKSPACE = "\b";
const DELETE = "\x7f";

function readLine(terminal: ReadStream, question: string): Promise<string | undefined> {
  let typed = "";
  return ask(terminal, question, (chunk, { answer }) => {
    typed += chunk;
    // A terminal left in raw mode ends a line with \r.
    const end = typed.search(/[\r\n]/);
    if (end >= 0) answer(typed.slice(0, end), true);
  });
}

interface Ends {
  /** `isShown`: the end of the line stands on the screen. */
  answer(text: string | undefined, isShown: boolean): void;
  interrupt(): void;
}

/** `hear` is given what is typed until it ends the question. */
function ask(terminal: ReadStream, question: string, hear: (chunk: string, ends: Ends) => void): Promise<string | undefined> {
  return new Promise<string | undefined>((resolve, reject) => {
    const settle = (isShown: boolean, how: () => void): void => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", onTerminate);
      terminal.removeAllListeners("data").removeAllListeners("end").removeAllListeners("error");
      terminal.on("error", () => {}); // after the answer it has nobody left to tell
      if (!isShown) stderr.write("\n"); // what is printed next must not stand beside the question
      how();
    };
    const answer: Ends["answer"] = (text, isShown) => settle(isShown, () => resolve(text));
    const interrupt = (): void => settle(false, () => reject(new UnzipxError("INTERRUPTED", "Cannot go on: interrupted at the question")));
    const onTerminate = (): void => settle(false, () => reject(new UnzipxError("TERMINATED", "Cannot go on: terminated at the question")));
    const onEnd = (): void => answer(undefined, false);

    process.on("SIGINT", interrupt);
    process.on("SIGTERM", onTerminate);
    // Only now: a Ctrl-C right after the question is seen must find its handler.
    stderr.write(question);
    terminal.setEncoding("utf8");
    terminal.on("data", (chunk) => hear(String(chunk), { answer, interrupt }));
    terminal.on("end", onEnd);
    terminal.on("error", onEnd);
  });
}

function openTerminal(): number | undefined {
  if (!stderr.isTerminal) return undefined;
  let fd: number;
  try {
    // Windows changes the mode of the console through this handle, which needs the right to write.
    fd = process.platform === "win32" ? openSync("\\\\.\\CONIN$", "r+") : openSync("/dev/tty", "r");
  } catch {
    return undefined;
  }
  if (nodeTty().isatty(fd)) return fd;
  closeSync(fd);
  return undefined;
}

function openStream(): ReadStream | undefined {
  const fd = openTerminal();
  if (fd === undefined) return undefined;
  let stream: ReadStream;
  try {
    stream = new (nodeTty().ReadStream)(fd);
  } catch {
    closeSync(fd);
    return undefined;
  }
  // On Unix libuv opens the terminal a second time, to read it without blocking, and closes only that one:
  // without this, each question would leave a descriptor open.
  const own = (stream as { _handle?: { fd?: number } })._handle?.fd;
  if (process.platform !== "win32" && own !== undefined && own !== fd) closeSync(fd);
  return stream;
}
