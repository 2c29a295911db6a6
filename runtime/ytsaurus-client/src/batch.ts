// Many light commands in few requests: each has its own outcome, and together they are not atomic.
import { callForField, type Calls } from './calls.ts';
import type { Command } from './commands.ts';
import { decodeServerError, serverFailure, YtError } from './errors.ts';

export interface BatchPart {
  readonly command: Exclude<Command, 'execute_batch' | 'read_table' | 'write_table' | 'select_rows' | 'lookup_rows' | 'insert_rows' | 'delete_rows'>;
  /** As the API names them; an outer transaction counts for nothing, so name it in every part. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What `set` sets. */
  readonly input?: unknown;
}

/** `output` is null where the command has none. */
export type BatchResult = { readonly output: unknown; readonly error: null } | { readonly output: null; readonly error: YtError };

const partsPerRequest = 100;

/** Results correspond to parts. A repeat after a lost reply does nothing twice. */
export async function executeBatch(calls: Calls, parts: readonly BatchPart[], signal?: AbortSignal): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for (let from = 0; from < parts.length; from += partsPerRequest) {
    results.push(...(await executeSome(calls, parts.slice(from, from + partsPerRequest), signal)));
  }
  return results;
}

async function executeSome(calls: Calls, parts: readonly BatchPart[], signal?: AbortSignal): Promise<BatchResult[]> {
  const replies = await callForField(calls, { command: 'execute_batch', parameters: { requests: parts }, field: 'results' }, signal);
  if (!Array.isArray(replies) || replies.length !== parts.length) throw new YtError('execute_batch: the reply does not answer every part', { class: 'fatal' });
  return parts.map(({ command }, index) => resultOf(command, replies[index]));
}

function resultOf(command: Command, reply: unknown): BatchResult {
  const { output, error } = (reply ?? {}) as { output?: unknown; error?: unknown };
  if (error !== undefined) return { output: null, error: serverFailure(command, decodeServerError(error)) };
  return { output: output ?? null, error: null };
}
