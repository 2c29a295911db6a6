// The spool of whoever acknowledges no enrolments: job threads and the operator's commands.
import { ServiceError } from '../errors.ts';
import type { Spool } from '../spool.ts';

export function noSpool(now: () => number): Spool {
  return {
    keep: async () => {
      throw new ServiceError('spool_unavailable', 'this process keeps no spool');
    },
    find: () => null,
    waiting: () => [],
    noteFormed: async () => {},
    settle: async () => {},
    adopt: async () => {},
    check: async () => {},
    now,
    close: async () => {},
  };
}
