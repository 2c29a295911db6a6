// The spool on a disk that fails, forgets and is full: what was acknowledged is there for the next process, and nothing is silently gone.
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { parseMatchingId, type MatchingId, type Profile } from '../../../machines/ids.ts';
import { createLog } from '../../../runtime/log.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { openSpool, type SpoolOptions } from '../../../runtime/spool/spool.ts';
import type { Spool } from '../../../runtime/spool.ts';
import { profile } from '../../suites/dialogs.ts';
import { MemoryDisk } from '../../suites/memory-disk.ts';

let disk: MemoryDisk;
let clock: number;
let logged: string;
let started = 0;

beforeEach(() => {
  disk = new MemoryDisk();
  clock = 1_000;
  logged = '';
});

async function start(options: Partial<SpoolOptions> = {}): Promise<{ spool: Spool; owner: string; metrics: ReturnType<typeof createMetrics> }> {
  started += 1;
  const owner = `process-${started}`;
  const metrics = createMetrics();
  const log = createLog('trace', { write: (text) => void (logged += text) });
  const spool = await openSpool({
    files: disk.filesOf(owner), owner, maxRecords: 100, maxBytes: 1 << 20, now: () => clock, log, metrics, ...options,
  });
  return { spool, owner, metrics };
}

const newId = (): MatchingId => parseMatchingId(randomUUID())!;

function wish(number: number, overrides: { matchingId?: MatchingId; profiles?: Profile[] } = {}) {
  const newbie = profile('park-1', `newbie-${number}`);
  return { matchingId: newId(), newbie, udid: null, profiles: [newbie], idempotencyKey: null, ...overrides };
}

const idsOf = (spool: Spool): MatchingId[] => spool.waiting().map(({ matchingId }) => matchingId);

test('what was kept waits for the next process after a kill, with all that was noted of it', async () => {
  const first = await start();
  const [one, two, three] = [wish(1), wish(2), wish(3)];
  for (const each of [one, two, three]) await first.spool.keep(each);
  await first.spool.noteFormed(two.matchingId);
  await first.spool.settle(one.matchingId);
  disk.kill(first.owner);
  const { spool } = await start();
  expect(spool.waiting()).toEqual([{ ...two, askedAt: 1_000, isFormed: true }, { ...three, askedAt: 1_000, isFormed: false }]);
});

test('nothing is acknowledged before it is synced: a power loss right after the answer loses nothing', async () => {
  const first = await start();
  const all = await Promise.all([1, 2, 3, 4].map((number) => first.spool.keep(wish(number))));
  disk.losePower();
  const { spool } = await start();
  expect(new Set(idsOf(spool))).toEqual(new Set(all.map(({ matchingId }) => matchingId)));
});

test('those who come together share a sync', async () => {
  const { spool } = await start();
  await Promise.all(Array.from({ length: 50 }, (_, number) => spool.keep(wish(number))));
  expect(disk.calls.filter((call) => call.startsWith('sync')).length).toBeLessThan(10);
});

test('a second request of the same person answers the matching of the first, through any profile, at the same time or later', async () => {
  const { spool, owner } = await start();
  const [here, there] = [profile('park-1', 'one'), profile('park-2', 'two')];
  const person = { profiles: [here, there] };
  const both = await Promise.all([spool.keep(wish(1, person)), spool.keep({ ...wish(1, person), newbie: there })]);
  const later = await spool.keep(wish(1, { profiles: [there] }));
  expect(new Set([...both, later].map(({ matchingId }) => matchingId)).size).toBe(1);
  disk.kill(owner);
  const { spool: next } = await start();
  expect((await next.keep(wish(1, person))).matchingId).toBe(later.matchingId);
});

test.each([1, 5, 20])('a record cut short after %i bytes by a kill is cut off, and the others are kept', async (bytes) => {
  const first = await start();
  const kept = await first.spool.keep(wish(1));
  await first.spool.keep(wish(2));
  const [file] = disk.segments().values();
  file!.bytes = file!.bytes.subarray(0, file!.bytes.length - 100 + bytes);
  disk.kill(first.owner);
  const { spool } = await start();
  expect(idsOf(spool)).toEqual([kept.matchingId]);
  expect(logged).toContain('cut short by a crash');
  await expect(spool.check()).resolves.toBeUndefined();
});

test('a damaged record in the middle is set apart and said, and the others are kept', async () => {
  const first = await start();
  const [one, two, three] = [await first.spool.keep(wish(1)), await first.spool.keep(wish(2)), await first.spool.keep(wish(3))];
  const [file] = disk.segments().values();
  const at = file!.bytes.indexOf(two.matchingId);
  file!.bytes[at] = 0x21;
  disk.kill(first.owner);
  const { spool, metrics } = await start();
  expect(idsOf(spool)).toEqual([one.matchingId, three.matchingId]);
  expect([...disk.setAside.values()].map(String).join()).toContain(two.matchingId.slice(1));
  expect((await metrics.spoolDamaged.get()).values[0]?.value).toBe(1);
  await expect(spool.check()).rejects.toMatchObject({ code: 'record_corrupt' });
});

test.each([
  { call: 'write', kind: 'no_space' }, { call: 'sync', kind: 'failed' }, { call: 'open', kind: 'failed' },
] as const)('when $call fails the enrolment is refused and not kept, the earlier ones are, and the next is kept again', async (fault) => {
  const first = await start({ segmentBytes: fault.call === 'open' ? 1 : 1 << 20 });
  const before = await first.spool.keep(wish(1));
  disk.faults = [fault];
  await expect(first.spool.keep(wish(2))).rejects.toMatchObject({ code: 'spool_unavailable' });
  expect(idsOf(first.spool)).toEqual([before.matchingId]);
  expect((await first.metrics.spoolRejects.get()).values).toMatchObject([{ labels: { reason: 'disk' }, value: 1 }]);
  const after = await first.spool.keep(wish(3));
  disk.losePower();
  const { spool } = await start();
  expect(idsOf(spool)).toEqual([before.matchingId, after.matchingId]);
});

test('a write that the disk takes in parts is finished', async () => {
  const first = await start();
  disk.faults = [{ call: 'write', kind: 'short' }, { call: 'write', kind: 'short' }];
  const kept = await first.spool.keep(wish(1));
  disk.losePower();
  const { spool } = await start();
  expect(idsOf(spool)).toEqual([kept.matchingId]);
});

test('after a failed sync that segment is never written to again', async () => {
  const { spool } = await start();
  await spool.keep(wish(1));
  const [spoiled] = disk.segments().keys();
  disk.faults = [{ call: 'sync', kind: 'failed' }];
  await expect(spool.keep(wish(2))).rejects.toThrow();
  disk.calls.length = 0;
  await spool.keep(wish(3));
  expect(disk.calls).not.toContain(`write ${spoiled}`);
});

test('says that it cannot write until it can', async () => {
  const { spool } = await start();
  disk.faults = [{ call: 'write', kind: 'no_space' }, { call: 'write', kind: 'no_space' }];
  await expect(spool.keep(wish(1))).rejects.toThrow();
  await expect(spool.check()).rejects.toMatchObject({ code: 'spool_unavailable' });
  await expect(spool.check()).resolves.toBeUndefined();
  expect(disk.segments().size).toBe(0);
});

test('starts on a disk that cannot be used, says so, and uses it once it can', async () => {
  disk.faults = [{ call: 'create', kind: 'failed' }];
  const { spool } = await start();
  await expect(spool.check()).resolves.toBeUndefined();
  await spool.keep(wish(1));
  expect(idsOf(spool)).toHaveLength(1);
});

test.each([{ maxRecords: 2 }, { maxBytes: 4_096 + 300 }])('past its limit %o it refuses, says so, and takes more once there is room', async (limits) => {
  const { spool, metrics } = await start(limits);
  const first = await spool.keep(wish(1));
  await spool.keep(wish(2));
  await expect(spool.keep(wish(3))).rejects.toMatchObject({ code: 'spool_full', status: 503 });
  expect((await metrics.spoolRejects.get()).values).toMatchObject([{ labels: { reason: 'full' }, value: 1 }]);
  await expect(spool.check()).rejects.toMatchObject({ code: 'spool_full' });
  for (const { matchingId } of spool.waiting()) await spool.settle(matchingId);
  expect((await spool.keep(wish(4))).matchingId).not.toBe(first.matchingId);
});

test('segments go once nothing in them waits, oldest first, and a clean stop leaves no trace', async () => {
  const { spool, owner } = await start({ segmentBytes: 1 });
  const all = [];
  for (const number of [1, 2, 3]) all.push(await spool.keep(wish(number)));
  await spool.settle(all[1]!.matchingId);
  const present = (): string[] => [...disk.segments().keys()];
  expect(present().filter((name) => name.endsWith('00000001.log'))).toHaveLength(1);
  await spool.settle(all[0]!.matchingId);
  await spool.settle(all[2]!.matchingId);
  expect(disk.calls.filter((call) => call.startsWith('remove'))).toContain(`remove ${owner}/00000001.log`);
  expect(present()).toEqual([]);
  await spool.close();
  expect([...disk.directories.keys()]).toEqual([]);
});

test('a segment that could not be removed is read again to no harm', async () => {
  const first = await start();
  const kept = await first.spool.keep(wish(1));
  disk.faults = [{ call: 'remove', kind: 'failed' }];
  await first.spool.settle(kept.matchingId);
  disk.kill(first.owner);
  const { spool } = await start();
  expect(idsOf(spool)).toEqual([]);
  expect(disk.segments().size).toBe(0);
});

test('processes alive at the same time keep apart; what a dead one left is taken over by one of them, once', async () => {
  const [one, two] = [await start(), await start()];
  const kept = await one.spool.keep(wish(1));
  await two.spool.keep(wish(2));
  await two.spool.adopt();
  expect(idsOf(two.spool)).not.toContain(kept.matchingId);
  disk.kill(one.owner);
  await two.spool.adopt();
  const { spool: late } = await start();
  expect([idsOf(two.spool).includes(kept.matchingId), idsOf(late)]).toEqual([true, []]);
});

test('what an heir noted of a dead one\'s records is known to the heir\'s heir', async () => {
  const first = await start();
  const [kept, other] = [await first.spool.keep(wish(1)), await first.spool.keep(wish(2))];
  disk.kill(first.owner);
  const heir = await start();
  await heir.spool.settle(kept.matchingId);
  await heir.spool.noteFormed(other.matchingId);
  disk.kill(heir.owner);
  const { spool } = await start();
  expect(spool.waiting()).toMatchObject([{ matchingId: other.matchingId, isFormed: true }]);
});

test('a directory that cannot be read is said, and left for a later try', async () => {
  const first = await start();
  await first.spool.keep(wish(1));
  disk.kill(first.owner);
  disk.faults = [{ call: 'read', kind: 'failed' }];
  const { spool } = await start();
  expect(idsOf(spool)).toEqual([]);
  expect(logged).toContain('spool_unavailable');
  await spool.adopt();
  expect(idsOf(spool)).toHaveLength(1);
});

test('tells how much waits and for how long', async () => {
  const { spool, metrics } = await start();
  await spool.keep(wish(1));
  clock += 5_000;
  await spool.keep(wish(2));
  const value = async (name: 'spoolRecords' | 'spoolBytes' | 'spoolOldestAge'): Promise<number> => (await metrics[name].get()).values[0]!.value;
  expect(await value('spoolRecords')).toBe(2);
  expect(await value('spoolOldestAge')).toBe(5);
  expect(await value('spoolBytes')).toBe([...disk.segments().values()].reduce((sum, { bytes }) => sum + bytes.length, 0));
});

test('segments adopted while one of our own is removed are kept, and removed in their turn', async () => {
  for (let ticks = 0; ticks < 20; ticks += 1) {
    const [two, one] = [await start(), await start()];
    const [left, own] = [wish(1), wish(2)];
    await one.spool.keep(left);
    await two.spool.keep(own);
    disk.kill(one.owner);
    const settled = two.spool.settle(own.matchingId);
    // As many turns as it takes until the removal is under way, and more.
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
    await Promise.all([settled, two.spool.adopt()]);
    expect(idsOf(two.spool)).toEqual([left.matchingId]);
    await two.spool.settle(left.matchingId);
    expect([...disk.segments().keys()]).toEqual([]);
  }
});
