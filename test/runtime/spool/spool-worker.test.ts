// The worker that empties the spool runs as long as the process: nothing of it may grow.
import { afterEach, expect, test, vi } from 'vitest';
import type { Context } from '../../../runtime/context.ts';
import { noSpool } from '../../../runtime/spool/no-spool.ts';
import { SpoolWorker } from '../../../runtime/tasks/spool-worker.ts';

afterEach(() => void vi.restoreAllMocks());

test('a pause between two rounds leaves no listener behind', async () => {
  const listens = vi.spyOn(EventTarget.prototype, 'addEventListener');
  const leaves = vi.spyOn(EventTarget.prototype, 'removeEventListener');
  const spool = noSpool(Date.now);
  const looks = vi.spyOn(spool, 'waiting');
  const worker = new SpoolWorker({ spool } as Context, { roundEveryMs: 1, adoptEveryMs: 60_000 });
  worker.start();
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(20));
  await worker.stop();
  expect(listens.mock.calls.length).toBeGreaterThanOrEqual(20);
  expect(leaves).toHaveBeenCalledTimes(listens.mock.calls.length);
});
