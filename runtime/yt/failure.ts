// Errors of the cluster as the service's own. The server's words stay here: they may quote rows, and rows hold phones.
import { YtError } from 'ytsaurus-client';
import { ServiceError } from '../errors.ts';

// The cluster looked at the rows and will not have them: sort order, duplicate key, schema, weight, value, format.
const rowsRefused = new Set([301, 306, 307, 308, 314, 315]);

/**
 * `place` names the operation and the table. An abort of the caller's `signal` becomes `cancelled`; an error that is not the
 * cluster's, such as one thrown by the reader of a table, stays as it is.
 */
export function asYtFailure(place: string, error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof YtError) return clusterFailure(place, error);
  if (signal?.aborted === true && error === signal.reason) return new ServiceError('cancelled', `${place}: the caller went away`);
  const late = error instanceof Error && error.name === 'TimeoutError';
  return late ? new ServiceError('yt_unavailable', `${place}: no answer in time`, { cause: error }) : error;
}

/** True for the absence of a node, which some operations take for an empty one. */
export function isAbsent(error: unknown): boolean {
  return error instanceof YtError && error.class === 'absent';
}

function clusterFailure(place: string, error: YtError): ServiceError {
  // Without an answer of the server the cause is a broken connection, and safe to keep.
  if (error.server === null) return new ServiceError('yt_unavailable', `${place}: no usable answer`, { cause: error });
  const codes = `codes ${error.codes.join(', ')}`;
  if (error.class === 'absent') return new ServiceError('yt_table_missing', `${place}: there is no such table (${codes})`);
  if (error.class === 'conflict') return new ServiceError('yt_unavailable', `${place}: another transaction holds the table (${codes})`);
  if (error.codes.some((code) => rowsRefused.has(code))) return new ServiceError('yt_refused', `${place}: the cluster refused the rows (${codes})`);
  return new ServiceError('yt_unavailable', `${place}: the cluster answered with an error (${codes})`);
}
