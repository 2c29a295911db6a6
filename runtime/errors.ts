// The service's errors: one class, a stable code, and the two questions a caller asks: which HTTP status, try again or not.

const codes = {
  bad_config: { status: 500, retryable: false },
  bad_cursor: { status: 400, retryable: false },
  bad_event: { status: 400, retryable: false },
  store_unavailable: { status: 503, retryable: true },
  store_conflict: { status: 503, retryable: true },
  spool_full: { status: 503, retryable: true },
  spool_unavailable: { status: 503, retryable: true },
  upstream_unavailable: { status: 503, retryable: true },
  upstream_reply_malformed: { status: 503, retryable: true },
  upstream_refused: { status: 503, retryable: false },
  yt_unavailable: { status: 503, retryable: true },
  yt_table_missing: { status: 503, retryable: true },
  yt_refused: { status: 503, retryable: false },
  copy_unverified: { status: 500, retryable: false },
  announcement_refused: { status: 503, retryable: false },
  lock_lost: { status: 503, retryable: true },
  job_running: { status: 409, retryable: true },
  job_unavailable: { status: 404, retryable: false },
  payload_malformed: { status: 500, retryable: false },
  record_corrupt: { status: 500, retryable: false },
  cancelled: { status: 503, retryable: true },
  internal: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof codes;

/**
 * `message` names the place and the field, never a value that came from outside: it is stored with dead tasks and written to
 * logs, where personal data must not appear.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return codes[this.code].status;
  }

  get retryable(): boolean {
    return codes[this.code].retryable;
  }
}

export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const aborted = error instanceof Error && error.name === 'AbortError';
  return new ServiceError(aborted ? 'cancelled' : 'internal', aborted ? 'the work was cancelled' : 'unexpected failure', { cause: error });
}

/** What may be stored or logged of an error: its code and our own words, not those of a cause from outside. */
export function describeError(error: unknown): string {
  const known = asServiceError(error);
  return `${known.code}: ${known.message}`;
}
