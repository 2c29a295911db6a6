// The counts of a job's run, as the JSON text that both stores keep.
import { z } from 'zod';
import { ServiceError } from '../errors.ts';

const counts = z.record(z.string(), z.number());

/** Throws `record_corrupt` for a text that no run has written. */
export function countsFrom(json: string): Record<string, number> {
  const decoded = counts.safeParse(JSON.parse(json));
  if (!decoded.success) throw new ServiceError('record_corrupt', 'job run: column counts holds what it must not');
  return decoded.data;
}
