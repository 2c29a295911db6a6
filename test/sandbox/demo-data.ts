// The demo's directory: made, and cleared on request or when its story is over, but never a directory that holds anything else.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { worldClockFile } from './network.ts';

const endMark = 'everybody-finished';

/** Answers a remark for the reader, or null. Throws when asked to clear a directory that no demo has written. */
export function prepareData(directory: string, isFresh: boolean): string | null {
  const isOver = existsSync(join(directory, endMark));
  const isKept = existsSync(directory) && readdirSync(directory).length > 0;
  if (isKept && (isFresh || isOver)) clear(directory);
  mkdirSync(directory, { recursive: true });
  return isOver && !isFresh ? `Everybody in ${directory} had finished: a new story begins.` : null;
}

/** Everybody has reached a final status: the next start would have nothing left to show. */
export function markEnd(directory: string): void {
  writeFileSync(join(directory, endMark), '');
}

function clear(directory: string): void {
  if (!existsSync(join(directory, worldClockFile))) {
    throw new Error(`${directory} holds something that is not the demo's: --fresh does not remove it; name another directory with --data`);
  }
  rmSync(directory, { recursive: true });
}
