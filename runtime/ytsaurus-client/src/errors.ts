// What can go wrong in a call: one error class, the server's error tree, and what a caller may do about it.

/** `retriable`: the same call may succeed later; `conflict`: somebody else holds it now; `absent`: there is no such object. */
export type ErrorClass = 'retriable' | 'conflict' | 'absent' | 'fatal';

/** An error as the server tells it. The code that matters is often in `innerErrors`. */
export interface ServerError {
  readonly code: number;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly innerErrors: readonly ServerError[];
}

export interface YtErrorDetails {
  readonly class: ErrorClass;
  /** Null when the failure is not the server's: a broken connection, a reply that makes no sense. */
  readonly server?: ServerError | null;
  /** What the server asked to wait, from `Retry-After`. */
  readonly retryAfterMs?: number | null;
}

/** `message` repeats the server's words, and those may quote the rows that were sent: do not log it where rows are secret. */
export class YtError extends Error {
  override readonly name = 'YtError';
  readonly class: ErrorClass;
  readonly server: ServerError | null;
  readonly retryAfterMs: number | null;

  constructor(message: string, details: YtErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.class = details.class;
    this.server = details.server ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }

  /** Every code of the server's error tree, outermost first; empty for a failure of the connection. */
  get codes(): readonly number[] {
    return this.server === null ? [] : codesOf(this.server);
  }

  hasCode(code: number): boolean {
    return this.codes.includes(code);
  }
}

export const ErrorCode = {
  resolve: 500,
  already_exists: 501,
  lock_conflict: 402,
  no_such_transaction: 11_000,
} as const;

// The classes are tried in this order, because a retriable code is often wrapped round the true reason or inside it.
// Source: the error enumerations of the server and the retry sets of its Python and C++ clients.
const classesByCode: readonly (readonly [ErrorClass, ReadonlySet<number>])[] = [
  ['fatal', new Set([109, 110, 111, 900, 901, 902, 903, 910, 11_000, 11_001])],
  ['conflict', new Set([400, 401, 402, 403, 501, 1000, 1700])],
  ['absent', new Set([500])],
  ['fatal', new Set([703, 704, 705, 706, 707, 708, 713, 717, 719, 721, 722, 724, 727])],
  ['retriable', new Set([3, 100, 105, 108, 115, 116, 118, 120, 122, 202, 218, 904, 906, 1701, 1702, 1703, 1725, 1744, 1900, 1911, 2100])],
];

export function classify(error: ServerError): ErrorClass {
  const codes = codesOf(error);
  const found = classesByCode.find(([, known]) => codes.some((code) => known.has(code)));
  if (found !== undefined) return found[0];
  // Every 7xx comes from the chunk client: a storage node that is down, slow or full.
  return codes.some((code) => code >= 700 && code < 800) ? 'retriable' : 'fatal';
}

const malformedError: ServerError = { code: 1, message: 'the error of the reply is malformed', attributes: {}, innerErrors: [] };

/** The server's error tree out of parsed JSON; anything else becomes an error of code 1 that says so. */
export function decodeServerError(value: unknown): ServerError {
  if (typeof value !== 'object' || value === null) return malformedError;
  const fields = value as { code?: unknown; message?: unknown; attributes?: unknown; inner_errors?: unknown };
  return {
    code: typeof fields.code === 'number' ? fields.code : 1,
    message: typeof fields.message === 'string' ? fields.message : 'no message',
    attributes: typeof fields.attributes === 'object' && fields.attributes !== null ? (fields.attributes as Record<string, unknown>) : {},
    innerErrors: Array.isArray(fields.inner_errors) ? fields.inner_errors.map(decodeServerError) : [],
  };
}

/** Its class follows from the codes, unless `details` know better. */
export function serverFailure(command: string, server: ServerError, details?: Partial<YtErrorDetails>): YtError {
  const message = `${command}: ${server.message} [code ${codesOf(server).join('/')}]`;
  return new YtError(message, { class: classify(server), ...details, server });
}

export function isRetriable(error: unknown): boolean {
  return error instanceof YtError && error.class === 'retriable';
}

/** True when the transaction expired or was aborted: nothing done under it can be trusted or finished. */
export function isTransactionLost(error: unknown): boolean {
  return error instanceof YtError && error.hasCode(ErrorCode.no_such_transaction);
}

function codesOf(error: ServerError): number[] {
  return [error.code, ...error.innerErrors.flatMap(codesOf)];
}
