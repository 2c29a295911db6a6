// Reads the commits out of SQLite's write-ahead log (sqlite.org/fileformat2.html#walformat).
import { readFileSync } from 'node:fs';

const headerBytes = 32;
const frameHeaderBytes = 24;

/** How many transactions the log of the database holds: a frame that ends one names the size of the file after it. */
export function countCommits(file: string): number {
  const log = readFileSync(`${file}-wal`);
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8);
  let commits = 0;
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    const sameSalts = log.subarray(at + 8, at + 16).equals(log.subarray(16, 24));
    if (sameSalts && log.readUInt32BE(at + 4) > 0) commits += 1;
  }
  return commits;
}
