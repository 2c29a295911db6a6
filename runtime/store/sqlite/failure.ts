// What an error of node:sqlite means to a caller: the store cannot be reached, the transaction met another, or a defect of ours.
import { ServiceError } from '../../errors.ts';

/** The transaction was decided on something that another writer has changed: run it again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

const busy = 5;
const constraint = 19;
/** Primary result codes (sqlite.org/rescode.html) of trouble with the file, not with the statement. */
const unreachable: Readonly<Record<number, string>> = {
  3: 'access to the file is denied',
  [busy]: 'the database is locked',
  6: 'a table is locked',
  7: 'out of memory',
  8: 'the file is read-only',
  10: 'input/output error',
  11: 'the file is corrupt',
  13: 'the disk is full',
  14: 'the file cannot be opened',
  15: 'the locking protocol failed',
  26: 'the file is not a database',
};
/** Extended codes of a key that is already taken: primary key, unique index, rowid. */
const takenKey: ReadonlySet<number> = new Set([1555, 2067, 2579]);

/** What node:sqlite throws on a connection that was closed. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
}

function resultCode(error: unknown): number | null {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : null;
  return typeof code === 'number' ? code : null;
}

/** The primary result code lives in the low byte of the extended one. */
function primary(code: number): number {
  return code & 0xff;
}

export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code !== null && primary(code) === busy;
}

/** Errors of others, `work` included, pass unchanged. The words of SQLite stay in `cause`: they may quote a statement. */
export function translate(error: unknown): unknown {
  if (isClosed(error)) return new ServiceError('store_unavailable', 'the store is closed', { cause: error });
  const code = resultCode(error);
  if (code === null) return error;
  const reason = unreachable[primary(code)];
  if (reason !== undefined) return new ServiceError('store_unavailable', `sqlite: ${reason}`, { cause: error });
  if (takenKey.has(code)) return new Conflict('a key is already taken', { cause: error });
  const what = primary(code) === constraint ? 'a row breaks a constraint' : 'a statement failed';
  return new ServiceError('internal', `sqlite: ${what} (code ${code})`, { cause: error });
}

export function isUnavailable(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.code === 'store_unavailable';
}
