// Rows that could not be used: kept with a reason for the CRM's people to look at, and never in the way of other rows.
import { createHash } from 'node:crypto';
import type { EpochMs } from '../machines/matching-record.ts';
import type { RejectRecord } from '../runtime/store.ts';
import { batchSize } from './batches.ts';
import type { JobRun } from './job.ts';
import type { Fault } from './rows.ts';

export const RejectSource = { distribution: 'distribution', results: 'results', promocodes: 'promocodes' } as const;
export type RejectSource = (typeof RejectSource)[keyof typeof RejectSource];

export interface Reject {
  readonly source: RejectSource;
  readonly row: unknown;
  readonly reason: string;
  readonly detail: string;
}

/** The id is a digest of source and row: the same row read again is the same reject. */
export function rejectRecord({ source, row, reason, detail }: Reject, firstSeenAt: EpochMs): RejectRecord {
  const id = createHash('sha256').update(source).update('\n').update(canonicalJson(row)).digest('hex');
  return { id, source, reason, detail, firstSeenAt };
}

/** JSON whose text does not depend on the order in which the columns came. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  }) ?? 'undefined';
}

/** Collects the faults found while a table streams by, and writes them in batches so that a table of nothing else fits in memory. */
export interface RejectLog {
  add(row: unknown, fault: Fault, signal: AbortSignal): Promise<void>;
  flush(signal: AbortSignal): Promise<void>;
}

export function createRejectLog({ unit, tally }: JobRun, source: RejectSource, seenAt: EpochMs): RejectLog {
  let waiting: RejectRecord[] = [];
  const flush = async (signal: AbortSignal): Promise<void> => {
    const records = waiting;
    waiting = [];
    if (records.length === 0) return;
    await unit.commit((tx) => tx.insertRejects(records), signal);
    tally.add('rejected', records.length);
  };
  return {
    flush,
    add: async (row, { reject, detail }, signal) => {
      waiting.push(rejectRecord({ source, row, reason: reject, detail }, seenAt));
      if (waiting.length >= batchSize) await flush(signal);
    },
  };
}
