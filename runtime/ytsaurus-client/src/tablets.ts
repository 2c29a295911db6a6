// Sorted dynamic tables: rows by key, queries, mounting.
import { callForField, callLight, type Calls } from './calls.ts';
import { isRetriable, YtError } from './errors.ts';
import { rowInputFormat, structuredFormat } from './formats.ts';
import { encodeRow, parseRows, type Row } from './rows.ts';
import { retrying, wait } from './retry.ts';

export interface InsertOptions {
  /** Leaves columns that are not given as they are; otherwise they become null. */
  readonly update?: boolean;
}

export interface LookupOptions {
  readonly columns?: readonly string[];
  /** A null for each key that has no row, so that rows and keys correspond. */
  readonly keepMissing?: boolean;
}

export interface MountOptions {
  /** How long to wait for the tablets. */
  readonly timeoutMs?: number;
}

type At<Options> = Options & { readonly path: string };

const tabletConflict = 1700;
const defaultMountTimeoutMs = 60_000;
const pollMs = 100;

/** An upsert by key: safe to repeat, and atomic. */
export async function insertRows(calls: Calls, target: At<InsertOptions>, rows: readonly Row[], signal?: AbortSignal): Promise<void> {
  const parameters = { path: target.path, update: target.update === true, input_format: rowInputFormat };
  await changeRows(calls, { command: 'insert_rows', parameters, body: rows.map(encodeRow).join('') }, signal);
}

/** Deletes by key; keys without a row are no error. */
export async function deleteRows(calls: Calls, path: string, keys: readonly Row[], signal?: AbortSignal): Promise<void> {
  const parameters = { path, input_format: rowInputFormat };
  await changeRows(calls, { command: 'delete_rows', parameters, body: keys.map(encodeRow).join('') }, signal);
}

/** The rows that exist among `keys`, in their order. */
export async function lookupRows(calls: Calls, target: At<LookupOptions>, keys: readonly Row[], signal?: AbortSignal): Promise<unknown[]> {
  const { path, columns, keepMissing } = target;
  const named = columns === undefined ? {} : { column_names: columns };
  const parameters = { path, ...named, keep_missing_rows: keepMissing === true, input_format: rowInputFormat, output_format: structuredFormat };
  return askRows(calls, { command: 'lookup_rows', parameters, body: keys.map(encodeRow).join('') }, signal);
}

/** `name, age from [//home/t] where age > 18`; the whole answer is held in memory. */
export async function selectRows(calls: Calls, query: string, signal?: AbortSignal): Promise<unknown[]> {
  return askRows(calls, { command: 'select_rows', parameters: { query, output_format: structuredFormat } }, signal);
}

/** Returns once the tablets are in the state. */
export async function mount(calls: Calls, target: At<MountOptions>, state: 'mounted' | 'unmounted', signal?: AbortSignal): Promise<void> {
  const { path, timeoutMs } = target;
  await callLight(calls, { command: state === 'mounted' ? 'mount_table' : 'unmount_table', parameters: { path } }, signal);
  const deadlineMs = performance.now() + (timeoutMs ?? defaultMountTimeoutMs);
  for (;;) {
    const current = await callForField(calls, { command: 'get', parameters: { path: `${path}/@tablet_state` }, field: 'value' }, signal);
    if (current === state) return;
    if (performance.now() > deadlineMs) throw new YtError(`the tablets of ${path} are ${String(current)}, not ${state}`, { class: 'retriable' });
    await wait(pollMs, signal);
  }
}

interface RowRequest {
  readonly command: 'insert_rows' | 'delete_rows' | 'lookup_rows' | 'select_rows';
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body?: string;
}

async function changeRows(calls: Calls, request: RowRequest, signal?: AbortSignal): Promise<void> {
  const correlationId = calls.newGuid();
  // Two writers of one key at one moment: the later one just comes again.
  const retries = (error: unknown): boolean => isRetriable(error) || (error instanceof YtError && error.hasCode(tabletConflict));
  await retrying({ ...calls.retry, retries }, async () => {
    const reply = await calls.transport.send({ ...request, correlationId }, signal);
    await reply.text();
  }, signal);
}

async function askRows(calls: Calls, request: RowRequest, signal?: AbortSignal): Promise<unknown[]> {
  const correlationId = calls.newGuid();
  return retrying(calls.retry, async () => {
    const reply = await calls.transport.send({ ...request, correlationId }, signal);
    return parseRows(request.command, (await reply.text()).trimEnd());
  }, signal);
}
