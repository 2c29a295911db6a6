// Faults that a test or a demo switches on in a stand-in.
import type { WorldProfile } from './world.ts';

export type Fault = (
  /** The connection is reset before the request is looked at. */
  | { readonly kind: 'down' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** A reply cut short by a byte. */
  | { readonly kind: 'malformed_json' }
  /** A reply over 1 MiB. */
  | { readonly kind: 'oversized' }
  /** Puts `value` at `path` (such as `items.0.udid`) of an otherwise good reply. */
  | { readonly kind: 'wrong_type'; readonly path: string; readonly value: unknown }
  /** The request is applied, then the connection is reset instead of the reply. */
  | { readonly kind: 'drop_reply' }
  /** client-events only: events to these drivers are rejected. */
  | { readonly kind: 'reject'; readonly recipients: readonly WorldProfile[]; readonly reason?: string }
) & {
  /** How many calls the fault lasts; until cleared when left out. */
  readonly times?: number;
};

/** Holds one fault at a time. */
export class FaultSwitch {
  #fault: Fault | null = null;
  #left = Infinity;

  set(fault: Fault): void {
    this.#fault = fault;
    this.#left = fault.times ?? Infinity;
  }

  clear(): void {
    this.#fault = null;
  }

  /** The fault of the call that is beginning. */
  take(): Fault | null {
    if (this.#fault === null || this.#left <= 0) return null;
    this.#left -= 1;
    return this.#fault;
  }
}
