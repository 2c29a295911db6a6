// Reading one version of a table for the length of a callback.
import type { YtClient } from 'ytsaurus-client';
import type { TableSnapshot } from '../yt.ts';
import { asYtFailure } from './failure.ts';

export interface SnapshotRead<Result> {
  readonly path: string;
  readonly columns: readonly string[];
  readonly read: (snapshot: TableSnapshot) => Promise<Result>;
}

/** Errors that `read` throws on its own account pass unchanged. */
export async function readSnapshot<Result>(client: YtClient, { path, columns, read }: SnapshotRead<Result>, signal?: AbortSignal): Promise<Result> {
  const table = await client.snapshot(path, {}, signal);
  const rows = (): AsyncGenerator<unknown, void> => translated(path, table.rows({ columns }, signal), signal);
  const batches = (): AsyncGenerator<unknown[], void> => translated(path, table.batches({ columns }, signal), signal);
  try {
    return await read({ revision: tableRevision(table.nodeId, table.contentRevision), rowCount: table.rowCount, rows, batches });
  } finally {
    await table.release();
  }
}

/** The table's identity is a part of it: a table made anew may come to the content revision of the old one. */
export function tableRevision(nodeId: string, contentRevision: string): string {
  return `${nodeId}:${contentRevision}`;
}

async function* translated<Item>(path: string, items: AsyncGenerator<Item, void>, signal?: AbortSignal): AsyncGenerator<Item, void> {
  try {
    yield* items;
  } catch (error) {
    throw asYtFailure(`reading ${path}`, error, signal);
  }
}
