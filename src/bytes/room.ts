/** A bounded amount of something that several share: who wants more than is left waits. */
import { UnzipxError } from "../errors.ts";

export class Room {
  readonly #size: number;
  #used = 0;
  #closed = false;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Waits until there is room for `amount`, or none at all is in use, or `anyway` says that it must not wait. Throws once it is closed. */
  async take(amount: number, anyway: () => boolean = () => false): Promise<void> {
    while (!this.#closed && this.#used > 0 && this.#used + amount > this.#size && !anyway()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#closed) throw new UnzipxError("INTERNAL", "Cannot go on: it was stopped");
    this.#used += amount;
  }

  give(amount: number): void {
    this.#used -= amount;
    this.wake();
  }

  /** Whoever waits looks again. */
  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }
}
