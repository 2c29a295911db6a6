// Where rows of static tables are kept: immutable pieces of about a megabyte, so that no table is ever held whole.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from './cypress.ts';
import type { Chunk } from './node.ts';
import type { RowRange } from './ranges.ts';

export interface ChunkStore {
  write(id: string, lines: Buffer): Promise<void>;
  read(id: string): Promise<Buffer>;
  /** Drops all chunks but these; asked for after the stored ones are listed, so that one written meanwhile is safe. */
  retain(used: () => ReadonlySet<string>): Promise<void>;
}

const chunkBytes = 1 << 20;

export function createMemoryChunks(): ChunkStore {
  const chunks = new Map<string, Buffer>();
  return {
    async write(id, lines) {
      chunks.set(id, lines);
    },
    async read(id) {
      const lines = chunks.get(id);
      if (lines === undefined) throw new Error(`chunk ${id} is lost`);
      return lines;
    },
    async retain(used) {
      const ids = used();
      for (const id of chunks.keys()) if (!ids.has(id)) chunks.delete(id);
    },
  };
}

export async function createDiskChunks(directory: string): Promise<ChunkStore> {
  await mkdir(directory, { recursive: true });
  return {
    async write(id, lines) {
      // A kill in the middle must not leave half a chunk under the name that the tree is about to mention.
      await writeFile(join(directory, `${id}.tmp`), lines);
      await rename(join(directory, `${id}.tmp`), join(directory, id));
    },
    read: (id) => readFile(join(directory, id)),
    async retain(used) {
      const names = await readdir(directory);
      const ids = used();
      const stale = names.filter((name) => !ids.has(name.replace(/\.tmp$/, '')));
      await Promise.all(stale.map((name) => rm(join(directory, name), { force: true })));
    },
  };
}

type JsonRows = AsyncIterable<string> | Iterable<string>;

/** `announce` is told of each chunk before it is written, so that no sweep takes it away. */
export async function writeChunks(store: ChunkStore, rows: JsonRows, announce: (id: string) => void): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  let lines: string[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const id = newId();
    announce(id);
    const data = Buffer.from(`${lines.join('\n')}\n`);
    await store.write(id, data);
    chunks.push({ id, rowCount: lines.length, bytes: data.length });
    lines = [];
    size = 0;
  };
  for await (const row of rows) {
    lines.push(row);
    size += row.length;
    if (size >= chunkBytes) await flush();
  }
  if (lines.length > 0) await flush();
  return chunks;
}

/** The rows of a range as JSON lines, one piece per chunk touched. */
export async function* readChunks(store: ChunkStore, chunks: readonly Chunk[], range: Pick<RowRange, 'start' | 'end'>): AsyncGenerator<Buffer, void> {
  let firstRow = 0;
  for (const chunk of chunks) {
    const from = Math.max(range.start - firstRow, 0);
    const to = Math.min((range.end ?? Infinity) - firstRow, chunk.rowCount);
    firstRow += chunk.rowCount;
    if (from >= to) continue;
    const lines = await store.read(chunk.id);
    yield from === 0 && to === chunk.rowCount ? lines : sliceLines(lines, from, to);
  }
}

function sliceLines(lines: Buffer, from: number, to: number): Buffer {
  const start = offsetOfLine(lines, 0, from);
  return lines.subarray(start, offsetOfLine(lines, start, to - from));
}

function offsetOfLine(lines: Buffer, offset: number, skipped: number): number {
  let at = offset;
  for (let line = 0; line < skipped; line += 1) at = lines.indexOf(10, at) + 1;
  return at;
}
