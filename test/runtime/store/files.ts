// A place of its own for each test's database.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FreshFile {
  readonly directory: string;
  readonly file: string;
}

/** The caller removes the directory; the database is not made yet. */
export function freshFile(): FreshFile {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-store-'));
  return { directory, file: join(directory, 'mentorship.sqlite') };
}
