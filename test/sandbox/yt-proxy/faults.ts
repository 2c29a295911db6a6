// Faults on request: what goes wrong with the next matching calls.
import { type ErrorBody, errorBody } from './errors.ts';

export type FaultEffect =
  /** Refused before anything is done. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds?: number }
  /** Too many requests of one user: 429, with the error of the rate limit. */
  | { readonly kind: 'throttled'; readonly retryAfterSeconds?: number }
  /** Fails with this error before anything is done. */
  | { readonly kind: 'error'; readonly error: { readonly code: number; readonly message: string } }
  /** The connection breaks after so much of the reply. */
  | { readonly kind: 'break'; readonly afterRows: number }
  | { readonly kind: 'break'; readonly afterBytes: number }
  /** The stream ends politely but too early. */
  | { readonly kind: 'cut_short'; readonly afterRows: number }
  /** The error comes in the trailers, after so many rows. */
  | { readonly kind: 'trailer'; readonly afterRows: number; readonly error: { readonly code: number; readonly message: string } }
  /** The header promises more bytes than come. */
  | { readonly kind: 'wrong_length' }
  /** The answer waits. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The command is carried out and its reply never sent. */
  | { readonly kind: 'drop_reply' };

export interface Fault {
  /** All commands when absent. */
  readonly command?: string;
  /** Only calls whose path parameter contains this text. */
  readonly path?: string;
  /** How many calls it spoils; once when absent. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

export class Faults {
  #pending: { fault: Fault; left: number }[] = [];

  inject(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#pending = [];
  }

  /** How many calls are still to be spoiled. */
  get pending(): number {
    return this.#pending.reduce((sum, { left }) => sum + left, 0);
  }

  /** The fault this call meets, used up by it. */
  take(command: string, path: string): FaultEffect | null {
    const met = this.#pending.find(({ fault }) => (fault.command ?? command) === command && path.includes(fault.path ?? ''));
    if (met === undefined) return null;
    met.left -= 1;
    if (met.left <= 0) this.#pending = this.#pending.filter((pending) => pending !== met);
    return met.fault.effect;
  }
}

export function faultError(error: { readonly code: number; readonly message: string }): ErrorBody {
  return errorBody(error.code, error.message);
}
