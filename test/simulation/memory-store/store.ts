// The store in memory: the ports that the two real adapters have, for runs that must be fast and the same every time.
import { ServiceError } from '../../../runtime/errors.ts';
import type { LeaseTable } from '../../../runtime/lock.ts';
import type { Retention } from '../../../runtime/retention.ts';
import type { Store } from '../../../runtime/store.ts';
import type { TaskQueue } from '../../../runtime/tasks.ts';
import type { Access, Transactions } from './access.ts';
import { leaseTable } from './leases.ts';
import { storeReads } from './reads.ts';
import { retentionOf } from './retention.ts';
import { taskQueue } from './tasks.ts';
import { transactionOf } from './writes.ts';

export interface MemoryStore {
  readonly store: Store;
  readonly tasks: TaskQueue;
  readonly leases: LeaseTable;
  readonly retention: Retention;
}

/** The ports over any way of reaching the tables: at once, or through a world that delays and breaks it. */
export function portsOver(access: Access): MemoryStore {
  return {
    store: {
      ...storeReads(access.read),
      transact: (work, signal) => access.transact((session) => work(transactionOf(session)), signal),
      migrate: async () => [],
      ping: () => access.read(() => undefined),
      close: async () => {},
    },
    tasks: taskQueue(access),
    leases: leaseTable(access),
    retention: retentionOf(access),
  };
}

/** Reached at once, never broken; unavailable once it is closed. */
export function openMemoryStore(transactions: Transactions): MemoryStore {
  let closed = false;
  const open = async (): Promise<Transactions> => {
    if (closed) throw new ServiceError('store_unavailable', 'the store is closed');
    return transactions;
  };
  const ports = portsOver({
    read: async (query) => (await open()).read(query),
    write: async (work) => (await open()).write(work),
    transact: async (work, signal) => {
      if (signal?.aborted === true) throw new ServiceError('cancelled', 'the work was cancelled', { cause: signal.reason });
      return (await open()).transact(work);
    },
  });
  return { ...ports, store: { ...ports.store, close: async () => void (closed = true) } };
}
