// Nodes of the cluster that are ours: made when they are missing, left alone when they are there.
import type { YtClient } from 'ytsaurus-client';
import type { OwnTable } from '../yt.ts';

const mountTimeoutMs = 30_000;

export async function ensureTable(client: YtClient, table: OwnTable, signal?: AbortSignal): Promise<void> {
  const dynamic = table.key.length > 0;
  const columns = table.columns.map((column) => ({ ...column, ...sorting(table, column.name) }));
  const schema = { $value: columns, $attributes: { strict: true, unique_keys: dynamic } };
  const attributes = dynamic ? { dynamic, schema } : { schema };
  await client.create('table', table.path, { attributes, recursive: true, ignoreExisting: true }, signal);
  if (dynamic) await ensureMounted(client, table.path, signal);
}

export async function ensureDocument(client: YtClient, path: string, signal?: AbortSignal): Promise<void> {
  await client.create('document', path, { recursive: true, ignoreExisting: true }, signal);
}

function sorting({ key }: OwnTable, column: string): { sort_order?: 'ascending' } {
  return key.includes(column) ? { sort_order: 'ascending' } : {};
}

/** Rows of a table can be written only once all its tablets are mounted. */
async function ensureMounted(client: YtClient, path: string, signal?: AbortSignal): Promise<void> {
  const state = await client.get(`${path}/@tablet_state`, {}, signal);
  if (state !== 'mounted') await client.mountTable(path, { timeoutMs: mountTimeoutMs }, signal);
}
