// The spool on a real disk, between real processes: locks end with their holder, names and bytes are where they belong.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../../runtime/log.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { spoolFiles } from '../../../runtime/spool/files.ts';
import { openSpool } from '../../../runtime/spool/spool.ts';
import type { Spool } from '../../../runtime/spool.ts';

let root: string;
let holder: ChildProcess | null = null;

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'spool-')), 'spool');
});
afterEach(() => {
  holder?.kill('SIGKILL');
  holder = null;
  rmSync(join(root, '..'), { recursive: true, force: true });
});

function open(owner = randomUUID()): Promise<Spool> {
  return openSpool({ files: spoolFiles(root), owner, maxRecords: 10, maxBytes: 100_000, now: Date.now, log: createLog('silent'), metrics: createMetrics() });
}

async function startHolder(id: string): Promise<ChildProcess> {
  holder = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'holder.ts'), root, id], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout!, 'data');
  return holder;
}

test('what a living process keeps is its own; SIGKILL hands it to the next', async () => {
  const id = randomUUID();
  const process = await startHolder(id);
  const early = await open();
  expect(early.waiting()).toEqual([]);
  process.kill('SIGKILL');
  await once(process, 'exit');
  await early.adopt();
  expect(early.waiting()).toMatchObject([{ matchingId: id }]);
  await early.settle(early.waiting()[0]!.matchingId);
  expect(readdirSync(root)).toHaveLength(1);
  await early.close();
  expect(readdirSync(root)).toEqual([]);
});

test('a lock is taken once within one process too', async () => {
  const files = spoolFiles(root);
  const directory = await files.create('one');
  expect(await files.claim('one')).toBeNull();
  const file = await directory.open('00000001.log');
  await file.close();
  await directory.release();
  const claimed = await files.claim('one');
  expect(await claimed?.segments()).toEqual(['00000001.log']);
  await claimed?.release();
  expect(await files.claim('nobody')).toBeNull();
});

test('bytes that cannot be read are copied to the quarantine, once however often they are found', async () => {
  mkdirSync(join(root, 'gone'), { recursive: true });
  writeFileSync(join(root, 'gone', '00000001.log'), 'not a segment at all');
  for (let start = 0; start < 2; start += 1) {
    const spool = await open();
    await expect(spool.check()).rejects.toMatchObject({ code: 'record_corrupt' });
    await spool.close();
  }
  const [name, ...more] = readdirSync(join(root, 'quarantine'));
  expect(more).toEqual([]);
  expect(readFileSync(join(root, 'quarantine', name!), 'utf8')).toBe('not a segment at all');
});

test('a root that cannot be made is said, not thrown', async () => {
  writeFileSync(root, 'a file where the directory should be');
  const spool = await open();
  await expect(spool.check()).rejects.toMatchObject({ code: 'spool_unavailable' });
  rmSync(root);
  await expect(spool.check()).resolves.toBeUndefined();
});
