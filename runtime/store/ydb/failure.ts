// What went wrong in one attempt, and what may be done about it. The words of YDB stay in `cause`: they may quote a row.
import { ServiceError } from '../../errors.ts';

export type FailureKind =
  /** Nothing was applied and a later attempt may succeed. */
  | 'retry'
  /** Nothing was applied: decided on something that another transaction has changed. */
  | 'conflict'
  /** The commit was sent and its outcome is unknown. */
  | 'undetermined'
  /** A defect of ours, or a right we lack: another attempt ends the same. */
  | 'fatal';

export class YdbFailure extends Error {
  override readonly name = 'YdbFailure';
  readonly kind: FailureKind;
  /** The connection itself is in doubt. */
  readonly transport: boolean;
  /** The server asks for a pause. */
  readonly overloaded: boolean;

  constructor(kind: FailureKind, message: string, options: ErrorOptions & { transport?: boolean; overloaded?: boolean } = {}) {
    super(message, options);
    this.kind = kind;
    this.transport = options.transport ?? false;
    this.overloaded = options.overloaded ?? false;
  }
}

interface Meaning {
  readonly name: string;
  /** Before the commit was sent. */
  readonly kind: FailureKind;
  /** Of the commit itself, where it differs. */
  readonly atCommit?: FailureKind;
  readonly transport?: boolean;
  readonly overloaded?: boolean;
}

const unsure = { kind: 'retry', atCommit: 'undetermined' } as const;

/** Status codes of YDB (ydb_status_codes.proto) and those the client library makes of transport errors (401xxx, 402xxx). */
const meanings: Readonly<Record<number, Meaning>> = {
  400010: { name: 'BAD_REQUEST', kind: 'fatal' },
  400020: { name: 'UNAUTHORIZED', kind: 'fatal' },
  400030: { name: 'INTERNAL_ERROR', kind: 'fatal', atCommit: 'undetermined' },
  400040: { name: 'ABORTED', kind: 'conflict' },
  400050: { name: 'UNAVAILABLE', ...unsure },
  400060: { name: 'OVERLOADED', kind: 'retry', overloaded: true },
  // For a moment after CREATE TABLE a node may not know the table yet.
  400070: { name: 'SCHEME_ERROR', kind: 'retry' },
  400080: { name: 'GENERIC_ERROR', kind: 'fatal' },
  400090: { name: 'TIMEOUT', ...unsure },
  400100: { name: 'BAD_SESSION', ...unsure },
  400120: { name: 'PRECONDITION_FAILED', kind: 'conflict' },
  400130: { name: 'ALREADY_EXISTS', kind: 'conflict' },
  400140: { name: 'NOT_FOUND', ...unsure },
  400150: { name: 'SESSION_EXPIRED', ...unsure },
  400160: { name: 'CANCELLED', ...unsure },
  400170: { name: 'UNDETERMINED', ...unsure },
  400180: { name: 'UNSUPPORTED', kind: 'fatal' },
  400190: { name: 'SESSION_BUSY', kind: 'retry' },
  400200: { name: 'EXTERNAL_ERROR', kind: 'fatal' },
  401010: { name: 'TRANSPORT_UNAVAILABLE', ...unsure, transport: true },
  401020: { name: 'CLIENT_RESOURCE_EXHAUSTED', ...unsure, overloaded: true },
  401030: { name: 'CLIENT_DEADLINE_EXCEEDED', ...unsure, transport: true },
  401034: { name: 'CLIENT_CANCELED', ...unsure, transport: true },
};

/** gRPC codes that are no trouble of the connection: INVALID_ARGUMENT, PERMISSION_DENIED, UNIMPLEMENTED. */
const refusals: ReadonlySet<number> = new Set([3, 7, 12]);

function transportMeaning(code: number): Meaning {
  if (refusals.has(code)) return { name: `gRPC ${code}`, kind: 'fatal' };
  return { name: `gRPC ${code}`, ...unsure, transport: true, overloaded: code === 8 };
}

/** Null for what did not come from YDB or the way to it. */
function meaningOf(error: unknown): Meaning | null {
  if (!(error instanceof Error)) return null;
  const status: unknown = 'status' in error.constructor ? error.constructor.status : undefined;
  if (typeof status === 'number') return meanings[status] ?? { name: `status ${status}`, ...unsure };
  if ('code' in error && typeof error.code === 'number') return transportMeaning(error.code);
  const unexpected = /^Unexpected (transport error|status) code (\d+)/.exec(error.message);
  if (unexpected !== null) return unexpected[1] === 'status' ? { name: error.message, ...unsure } : transportMeaning(Number(unexpected[2]));
  return null;
}

/** Errors of others, the caller's own included, pass unchanged. */
export function failureOf(error: unknown, committing: boolean): unknown {
  const meaning = error instanceof YdbFailure ? null : meaningOf(error);
  if (meaning === null) return error;
  const { name, kind, atCommit = kind, transport = false, overloaded = false } = meaning;
  return new YdbFailure(committing ? atCommit : kind, `ydb: ${name}`, { cause: error, transport, overloaded });
}

/** What the service is told once no attempt is left. */
export function serviceErrorOf(failure: YdbFailure): ServiceError {
  if (failure.kind === 'conflict') return new ServiceError('store_conflict', 'a transaction conflicted too often', { cause: failure });
  if (failure.kind === 'fatal') return new ServiceError('internal', `a statement failed (${failure.message})`, { cause: failure });
  const what = failure.kind === 'undetermined' ? 'the outcome of a transaction is unknown' : 'the store cannot be reached';
  return new ServiceError('store_unavailable', `${what} (${failure.message})`, { cause: failure });
}
