// The client library leaves promises behind that nobody awaits (a session deleted while the server is away), and Node ends the
// process over one. This keeps the process alive for those alone: everybody else's rejections keep their default.
import { fileURLToPath } from 'node:url';
import type { Log } from '../../log.ts';

const library = fileURLToPath(import.meta.resolve('ydb-sdk')).replace(/(.*[/\\]ydb-sdk[/\\]).*/, '$1');

function isOfLibrary(reason: unknown): boolean {
  return reason instanceof Error && (reason.stack ?? '').includes(library);
}

/** Answers how to stop. */
export function containRejections(log: Log): () => void {
  const onRejection = (reason: unknown): void => {
    if (isOfLibrary(reason)) {
      log.warn({ code: 'ydb_rejection' }, 'the YDB client dropped a failed call');
      return;
    }
    // A listener takes the default away; where we are the only one, it is given back.
    if (process.listenerCount('unhandledRejection') === 1) throw reason;
  };
  process.on('unhandledRejection', onRejection);
  return () => process.off('unhandledRejection', onRejection);
}
