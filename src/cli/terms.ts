/** The terms of use: the gate before the first run of a command that touches archives, and the actions of `unzipx terms`. */
import { fromSystem, UnzipxError } from "../errors.ts";
import { wrapped } from "./help.ts";
import { askOnTerminal, canAskOnTerminal } from "./prompt.ts";
import { type Acceptance, deleteAcceptance, readAcceptance, storeFile, storeFolder, writeAcceptance } from "./store.ts";
import { TERMS_DIGEST, TERMS_VERSION } from "./terms-edition.ts";

export interface GateOptions {
  /** --accept-terms was given. */
  readonly acceptFlag: boolean;
  readonly env: NodeJS.ProcessEnv;
  warn(message: string): void;
  /** Prints what comes before the question; stdout is data, so this is stderr. */
  write(text: string): void;
  /** How wide that is; 80 when not given. */
  readonly columns?: () => number | undefined;
  /** Where the acceptance is stored; the user's settings folder when not given. */
  readonly folder?: string;
  readonly canAsk?: () => boolean;
  readonly ask?: (question: string) => Promise<string | undefined>;
}

const SUMMARY = `The terms of use of unzipx, version ${TERMS_VERSION}, in short:
  - It works on this machine only. Nothing is collected or sent; there is no account.
  - It comes without warranty. Archive passwords and copies of your data are yours to keep.
  - Use it lawfully: section 10 says what must not be packed, spread or attacked with it.
  - What you pack stays yours. The code is under the MIT licence; the name is not for sale.
  - The law of the People's Republic of China applies.
To read all of it: unzipx terms show
`;

const QUESTION = "Do you accept the terms of use? [yes/no] ";

/** Returns when the terms are accepted, throws TERMS_NOT_ACCEPTED when not. Asks only on a terminal, so it never waits without one. */
export async function requireTerms(options: GateOptions): Promise<void> {
  const folder = options.folder ?? storeFolder({ env: options.env });
  const stored = readAcceptance(folder);
  if (isCurrent(stored)) return;
  if (options.acceptFlag) return remember(folder, "flag", options.warn);

  const word = options.env["UNZIPX_ACCEPT_TERMS"];
  if (word === "1" || word === TERMS_VERSION) return;

  const canAsk = options.canAsk ?? canAskOnTerminal;
  if (!canAsk()) throw nobodyToAsk(stored, word);

  options.write(fitted(await introduction(stored, word), options.columns?.() || 80));
  const ask = options.ask ?? askOnTerminal;
  if (!isYes(await ask(QUESTION))) {
    throw new UnzipxError("TERMS_NOT_ACCEPTED", "Cannot start: the terms of use were not accepted, nothing was done", { hint: "unzipx terms show" });
  }
  await remember(folder, "prompt", options.warn);
}

export interface TermsState extends Partial<Acceptance> {
  /** Whether the stored acceptance is one of the terms that this program comes with. */
  readonly accepted: boolean;
  readonly currentVersion: string;
  readonly currentDigest: string;
  readonly file: string;
}

export async function termsShow(): Promise<string> {
  return (await import("./terms-text.ts")).TERMS_TEXT;
}

/** Throws when the acceptance cannot be stored: storing it is all that was asked for. */
export async function termsAccept(folder: string = storeFolder()): Promise<TermsState> {
  if (!isCurrent(readAcceptance(folder))) await store(folder, "command");
  return termsStatus(folder);
}

export function termsStatus(folder: string = storeFolder()): TermsState {
  const stored = readAcceptance(folder);
  return { accepted: isCurrent(stored), ...stored, currentVersion: TERMS_VERSION, currentDigest: TERMS_DIGEST, file: storeFile(folder) };
}

/** `revoked` is false when there was nothing to revoke. */
export async function termsRevoke(folder: string = storeFolder()): Promise<TermsState & { readonly revoked: boolean }> {
  let revoked: boolean;
  try {
    revoked = await deleteAcceptance(folder);
  } catch (error) {
    throw fromSystem(error, "write", `delete "${storeFile(folder)}"`);
  }
  return { ...termsStatus(folder), revoked };
}

function isCurrent(stored: Acceptance | undefined): boolean {
  return stored !== undefined && stored.version === TERMS_VERSION && stored.digest === TERMS_DIGEST;
}

function isYes(answer: string | undefined): boolean {
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}

async function store(folder: string, how: Acceptance["how"]): Promise<void> {
  try {
    await writeAcceptance(folder, { version: TERMS_VERSION, digest: TERMS_DIGEST, acceptedAt: new Date().toISOString(), how });
  } catch (error) {
    throw fromSystem(error, "write", `store the acceptance of the terms in "${storeFile(folder)}"`);
  }
}

// The user did accept: a home that cannot be written to is no reason to refuse the work.
async function remember(folder: string, how: Acceptance["how"], warn: (message: string) => void): Promise<void> {
  try {
    await store(folder, how);
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error;
    warn(`${error.message}; they count as accepted for this run only`);
  }
}

async function introduction(stored: Acceptance | undefined, word: string | undefined): Promise<string> {
  const wrong = wrongWord(word);
  const lines = wrong === undefined ? [] : [`${wrong}.`];
  if (stored !== undefined) {
    const { changesSince } = await import("./terms-text.ts");
    const changes = changesSince(stored.version);
    lines.push(`${accepted(stored)}.`);
    if (changes.length > 0) lines.push("Changed since then:", ...changes.map((change) => `  - ${change}`));
  }
  return lines.map((line) => `${line}\n`).join("") + SUMMARY;
}

/** No word is cut by the edge of the terminal; what goes on stands below where it began. */
function fitted(text: string, columns: number): string {
  return text.replace(/^( *(?:- )?)(.*)$/gm, (_, head: string, rest: string) => head + wrapped(rest, columns - head.length).join(`\n${" ".repeat(head.length)}`));
}

function nobodyToAsk(stored: Acceptance | undefined, word: string | undefined): UnzipxError {
  const reason = wrongWord(word) ?? (stored === undefined ? undefined : accepted(stored));
  const message = `Cannot start: the terms of use are not accepted, and there is no terminal to ask on${reason === undefined ? "" : `. ${reason}`}`;
  return new UnzipxError("TERMS_NOT_ACCEPTED", message, {
    hint: "unzipx … --accept-terms, or UNZIPX_ACCEPT_TERMS=1 in the environment; to read the terms: unzipx terms show",
  });
}

// Unset and empty are the same to whoever writes environment files.
function wrongWord(word: string | undefined): string | undefined {
  if (word === undefined || word === "") return undefined;
  return `UNZIPX_ACCEPT_TERMS is ${JSON.stringify(word)}, expected "1" or "${TERMS_VERSION}"`;
}

function accepted(stored: Acceptance): string {
  const what = stored.version === TERMS_VERSION ? "another text of this version" : `version ${stored.version}`;
  return `Accepted was ${what}; this program comes with version ${TERMS_VERSION}`;
}
