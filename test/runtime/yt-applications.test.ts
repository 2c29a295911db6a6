// Applications into a table, static above all: each matching once, whoever writes it, however often, whatever happens to replies and to the table.
import { expect, test } from 'vitest';
import type { ApplicationRow } from '../../runtime/yt.ts';
import { openYt, type YtScene } from './yt-scene.ts';

function application(number: number, overrides: Partial<ApplicationRow> = {}): ApplicationRow {
  return {
    newbie_key: `udid-${number}`,
    matching_id: `7f2c1b52-64a1-4d9c-8a55-${String(number).padStart(12, '0')}`,
    newbie_park_id: 'park-1',
    newbie_driver_id: `driver-${number}`,
    phone: '+79990001122',
    city: 'Орёл',
    city_geo_id: 10,
    city_source: 'gps',
    is_rented_car: true,
    created_at: '2026-01-02T03:04:05.000Z',
    requested_at: '2026-01-02T03:04:06.000Z',
    ...overrides,
  };
}

async function open(): Promise<YtScene> {
  const scene = await openYt();
  scene.proxy.tree.createTable(scene.config.newDrivers);
  return scene;
}

const writtenTo = async ({ proxy, config }: YtScene) => (await proxy.tree.readRows(config.newDrivers)).map((row) => String(row['newbie_key']));

test('a repeated task adds no second row, from this process or another', async () => {
  const scene = await open();
  for (const yt of [scene.yt, scene.yt, scene.second()]) await yt.writeApplication(application(1));
  expect(await writtenTo(scene)).toEqual(['udid-1']);
});

test('a repeat is known by its matching, whatever else has become known of the newbie since', async () => {
  const scene = await open();
  await scene.yt.writeApplication(application(1, { newbie_key: 'park-1_driver-1' }));
  await scene.yt.writeApplication(application(1, { city: null, requested_at: '2026-01-05T00:00:00.000Z' }));
  expect(await writtenTo(scene)).toEqual(['park-1_driver-1']);
});

test('what was delivered is known after the owner of the table took the rows away', async () => {
  const scene = await open();
  await scene.yt.writeApplication(application(1));
  scene.proxy.tree.createTable(scene.config.newDrivers);
  await scene.second().writeApplication(application(1));
  await scene.yt.writeApplication(application(2));
  expect(await writtenTo(scene)).toEqual(['udid-2']);
});

test('one enrolment told by two clocks across the turn of an hour is one row', async () => {
  const scene = await open();
  await scene.yt.writeApplication(application(1, { created_at: '2026-01-02T03:59:59.000Z' }));
  await scene.second().writeApplication(application(1, { created_at: '2026-01-02T04:00:20.000Z' }));
  expect(await writtenTo(scene)).toEqual(['udid-1']);
});

test('two matchings that were promised to one newbie are one row', async () => {
  const scene = await open();
  await scene.yt.writeApplication(application(1));
  await scene.second().writeApplication(application(1, { matching_id: '7f2c1b52-64a1-4d9c-8a55-999999999999' }));
  await scene.yt.correctApplication(application(1));
  expect(await writtenTo(scene)).toEqual(['udid-1']);
});

test.each([1, 2, 3, 4])('a commit without an answer, %i times, leaves one row however often the task comes again', async (times) => {
  const scene = await open();
  scene.proxy.faults.inject({ command: 'commit_transaction', times, effect: { kind: 'drop_reply' } });
  for (let attempt = 0; attempt < 3; attempt += 1) await scene.yt.writeApplication(application(1));
  expect(await writtenTo(scene)).toEqual(['udid-1']);
});

test.each(['write_table', 'set', 'lock', 'commit_transaction', 'start_transaction', 'create', 'get'])(
  'a failure of %s leaves no half of it: the next attempt writes the row once',
  async (command) => {
    const scene = await open();
    scene.proxy.faults.inject({ command, effect: { kind: 'error', error: { code: 901, message: 'no' } } });
    await expect(scene.yt.writeApplication(application(1))).rejects.toMatchObject({ code: 'yt_unavailable' });
    expect(await writtenTo(scene)).toEqual([]);
    await scene.yt.writeApplication(application(1));
    expect(await writtenTo(scene)).toEqual(['udid-1']);
  },
);

test('many tasks of several processes at one moment wait for each other and lose nothing', async () => {
  const scene = await open();
  const others = [scene.yt, scene.second(), scene.second()];
  const numbers = Array.from({ length: 8 }, (_, number) => number);
  const writing = others.flatMap((yt) => numbers.map((number) => yt.writeApplication(application(number))));
  const settled = await Promise.allSettled(writing);
  for (const one of settled) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'yt_unavailable', retryable: true });
  for (const number of numbers) await scene.yt.writeApplication(application(number));
  expect((await writtenTo(scene)).sort()).toEqual(numbers.map((number) => `udid-${number}`));
});

test('a lock that another holds for a moment is waited for', async () => {
  const scene = await open();
  scene.proxy.faults.inject({ command: 'lock', times: 3, effect: { kind: 'error', error: { code: 402, message: 'Lock conflict' } } });
  await scene.yt.writeApplication(application(1));
  expect(await writtenTo(scene)).toEqual(['udid-1']);
});

test('applications of different hours stand in different ledgers', async () => {
  const scene = await open();
  await scene.yt.writeApplication(application(1));
  await scene.yt.writeApplication(application(2, { created_at: '2026-01-02T04:00:00.000Z' }));
  expect(scene.proxy.tree.list(`${scene.config.newDrivers}_ledger`).sort()).toEqual(['2026-01-02T03', '2026-01-02T04']);
});

test('a correction of a dynamic table gives the row to the matching, and adds none', async () => {
  const { yt, proxy, config } = await openYt();
  const { newbie_key: _, ...rest } = application(1);
  const schema = [{ name: 'newbie_key', type: 'string', sort_order: 'ascending' }, ...Object.keys(rest).map((name) => ({ name, type: 'any' }))];
  proxy.tree.ensureDynamicTable(config.newDrivers, schema);
  const rows = () => proxy.tree.readRows(config.newDrivers);
  const { newbie_key, newbie_park_id, newbie_driver_id, created_at } = application(1);
  const right = { newbie_key, newbie_park_id, newbie_driver_id, created_at, matching_id: '7f2c1b52-64a1-4d9c-8a55-999999999999' };
  await yt.correctApplication(right);
  expect(await rows()).toEqual([]);
  await yt.writeApplication(application(1));
  await yt.correctApplication(right);
  expect(await rows()).toEqual([{ ...application(1), ...right }]);
});
