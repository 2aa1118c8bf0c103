/** Work that is handed to another thread in rows, each answered as a whole, in their order. */
import { fromPlain, type UnzipxError } from "../errors.ts";
import type { WorkFailure } from "./filter-protocol.ts";

type Failed = (error: UnzipxError) => void;

export class HandedWork {
  /** Rows that were sent. */
  sent = 0;
  readonly #send: (work: readonly unknown[]) => void;
  #row: { readonly work: unknown; readonly failed: Failed }[] = [];
  /** Who is to be told of failures, of each row that was not answered yet. */
  readonly #underWay: Failed[][] = [];

  constructor(send: (work: readonly unknown[]) => void) {
    this.#send = send;
  }

  /** Adds to the row that is sent next. */
  add(work: unknown, failed: Failed): void {
    this.#row.push({ work, failed });
  }

  send(): void {
    if (this.#row.length === 0) return;
    this.#send(this.#row.map(({ work }) => work));
    this.#underWay.push(this.#row.map(({ failed }) => failed));
    this.sent += 1;
    this.#row = [];
  }

  /** The oldest row was answered. Throws what those throw that are told. */
  answered(failures: readonly WorkFailure[]): void {
    const told = this.#underWay.shift()!;
    for (const { number, error } of failures) told[number]!(fromPlain(error));
  }

  /** All of it was sent and answered. */
  get isDone(): boolean {
    return this.#row.length === 0 && this.#underWay.length === 0;
  }
}
