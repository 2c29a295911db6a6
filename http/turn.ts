// Requests that have arrived within one turn of the event loop are answered side by side: each step is taken by all of them before any
// takes the next, so that its code is still in the processor's caches for the second one. See docs/decisions/0024-side-by-side.md.
import { setImmediate } from 'node:timers';

/** More would wait for each other longer than they save together. */
const sideBySide = 32;

export class Turn {
  #starts: (() => void)[] = [];

  /** `start` is called before the event loop waits again, after everything that has arrived by now was read. It must not throw. */
  add(start: () => void): void {
    if (this.#starts.length === sideBySide) this.#starts = [];
    const starts = this.#starts;
    starts.push(start);
    if (starts.length === 1) setImmediate(() => this.#begin(starts));
  }

  #begin(starts: readonly (() => void)[]): void {
    if (this.#starts === starts) this.#starts = [];
    for (const start of starts) start();
  }
}
