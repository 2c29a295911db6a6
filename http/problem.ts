// Errors as the client sees them: problem details (RFC 9457) with a stable code. What a 5xx was about stays in the log.
import { STATUS_CODES } from 'node:http';
import { asServiceError } from '../runtime/errors.ts';
import type { Refusal } from './exchange.ts';
import type { Reply } from './reply.ts';

export const problemStatuses = {
  malformed_json: 400,
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  body_timeout: 408,
  conflict: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  headers_too_large: 431,
  overloaded: 503,
  deadline_passed: 503,
  pages_not_built: 503,
  too_many_watchers: 503,
} as const satisfies Record<string, number>;

export type ProblemCode = keyof typeof problemStatuses;

const retryAfterSeconds = '5';

/** A reply other than success that a handler or a guard decided on. `detail` is shown to the client. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.code = code;
    this.headers = headers;
  }
}

/** One wording for every matching a caller may not see, so that a foreign one and an unknown one look the same. */
export function noSuchMatching(): HttpProblem {
  return new HttpProblem('not_found', 'There is no such matching.');
}

export function problemReply(error: unknown, traceId: string): Reply {
  const { code, status, detail, headers } = describe(error);
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(status === 503 ? { 'Retry-After': retryAfterSeconds } : {}),
      ...headers,
    },
    body: JSON.stringify({ type: 'about:blank', title, status, detail, code, trace_id: traceId }),
  };
}

/** The error that stands for an exchange cut short by its own limits. */
export function refusalError(refusal: Refusal, cause: unknown): unknown {
  if (refusal === 'failed') return cause;
  return new HttpProblem(refusal, refusalDetails[refusal]);
}

/** The code written to the log and to the reply. */
export function problemCode(error: unknown): string {
  return describe(error).code;
}

const refusalDetails = {
  headers_too_large: 'The request line and headers are too long.',
  body_too_large: 'The body is too long.',
  body_timeout: 'The body did not arrive in time.',
  overloaded: 'Too many requests are under way.',
  deadline_passed: 'The answer was not ready in time.',
} as const satisfies Record<Exclude<Refusal, 'failed'>, string>;

interface Description {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

function describe(error: unknown): Description {
  if (error instanceof HttpProblem) {
    return { code: error.code, status: problemStatuses[error.code], detail: error.message, headers: error.headers };
  }
  const known = asServiceError(error);
  const hidden = known.retryable ? 'The service cannot answer now.' : 'The service failed to answer.';
  return { code: known.code, status: known.status, detail: known.status >= 500 ? hidden : known.message, headers: {} };
}
