// What a job remembers between runs: one JSON text per job, written by this file only.
import type { z } from 'zod';
import type { MatchingReads, StoreTx } from '../runtime/store.ts';
import { ServiceError } from '../runtime/errors.ts';

/** Null before the first success. Throws `record_corrupt` for a text that no version of the job wrote. */
export async function readJobState<Schema extends z.ZodType>(
  reads: Pick<MatchingReads, 'jobState'>,
  name: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  const text = await reads.jobState(name);
  if (text === null) return null;
  const decoded = schema.safeParse(parseJson(text));
  if (decoded.success) return decoded.data;
  const fields = decoded.error.issues.map((issue) => issue.path.join('.') || 'state');
  throw new ServiceError('record_corrupt', `state of ${name}: ${fields.join(', ')} malformed`);
}

export async function writeJobState<Schema extends z.ZodType>(tx: StoreTx, name: string, value: z.output<Schema>): Promise<void> {
  await tx.putJobState(name, JSON.stringify(value));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not JSON decodes to nothing, and the schema says so with the name of the state.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
