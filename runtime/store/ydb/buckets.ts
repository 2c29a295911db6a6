// Hash buckets that stand first in keys and indexes which would otherwise grow at one end: a list in the order of time is read as one
// short range per bucket and merged here.
import { hash } from 'node:crypto';

/** Fixed for the life of a database: rows carry their bucket. */
export const bucketCount = 8;

export const buckets: readonly number[] = Array.from({ length: bucketCount }, (_, bucket) => bucket);

export function bucketOf(id: string): number {
  return Number.parseInt(hash('sha256', id, 'hex').slice(0, 8), 16) % bucketCount;
}

/** One statement per bucket; `text` takes the bucket as a YQL literal. */
export function perBucket(text: (bucket: string) => string): string {
  return buckets.map((bucket) => text(`${bucket}u`)).join('\n');
}
