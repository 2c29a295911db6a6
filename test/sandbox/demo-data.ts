// The demo's directory: made, and cleared on request, but never a directory that holds anything else.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { worldClockFile } from './network.ts';

/** Throws when asked to clear a directory that no demo has written. */
export function prepareData(directory: string, isFresh: boolean): void {
  if (isFresh && existsSync(directory) && readdirSync(directory).length > 0) clear(directory);
  mkdirSync(directory, { recursive: true });
}

function clear(directory: string): void {
  if (!existsSync(join(directory, worldClockFile))) {
    throw new Error(`${directory} holds something that is not the demo's: --fresh does not remove it; name another directory with --data`);
  }
  rmSync(directory, { recursive: true });
}
