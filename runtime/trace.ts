// The W3C trace context of the request or task being served, carried to upstream calls without passing through every function.
import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<string | null>();

// https://www.w3.org/TR/trace-context/#traceparent-header-field-values: version ff and all-zero ids are invalid.
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The header's value when it is well formed, else null: a caller must not be able to forward anything else through us. */
export function parseTraceparent(value: unknown): string | null {
  return typeof value === 'string' && traceparentForm.test(value) ? value : null;
}

/** Runs `work`, and everything it awaits, under the given `traceparent`; null runs it under none. */
export function runWithTrace<Result>(traceparent: string | null, work: () => Result): Result {
  return current.run(traceparent, work);
}

export function currentTraceparent(): string | null {
  return current.getStore() ?? null;
}
