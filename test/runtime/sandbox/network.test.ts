// The network without the service: its CRM answers an application written to YT by itself, and a restarted network goes on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { YtClient } from 'ytsaurus-client';
import { readConfig } from '../../../runtime/config/config.ts';
import { startNetwork, type Network } from '../../sandbox/network.ts';
import { tablePaths } from '../../sandbox/tables.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'network-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const failures: unknown[] = [];

function start(speed: number): Promise<Network> {
  return startNetwork({ directory, drivers: 6, speed, report: (error) => failures.push(error) });
}

function applicationOf({ people, clock }: Network, ordinal: number): Record<string, string | number | boolean> {
  const person = people.newbies[ordinal]!;
  const now = new Date(clock.now()).toISOString();
  const [{ parkId, driverId }] = person.profiles;
  return {
    newbie_key: person.udid, matching_id: `matching-${ordinal}`, newbie_park_id: parkId, newbie_driver_id: driverId, phone: person.phone,
    city: 'Moscow', city_geo_id: 213, city_source: 'gps', is_rented_car: false, created_at: now, requested_at: now,
  };
}

async function rowsOf(client: YtClient, path: string): Promise<Record<string, string | null>[]> {
  const rows: unknown[] = [];
  for await (const row of client.readTable(path)) rows.push(row);
  return rows as Record<string, string | null>[];
}

test('takes an application through match, figures and promocode, over a restart in the middle', async () => {
  const before = await start(8);
  const first = new YtClient({ proxy: before.yt.url });
  await first.insertRows(tablePaths.YT_NEW_DRIVERS, [applicationOf(before, 0), applicationOf(before, 5)]);
  await vi.waitUntil(async () => (await rowsOf(first, tablePaths.YT_DISTRIBUTION)).length === 2, { timeout: 10_000 });
  const matched = await rowsOf(first, tablePaths.YT_DISTRIBUTION);
  const stoppedAt = before.clock.now();
  await Promise.all([first.close(), before.close()]);

  const after = await start(8);
  expect(after.clock.timescale.programmeMs - stoppedAt).toBeLessThan(8 * 86_400_000);
  const second = new YtClient({ proxy: after.yt.url });
  await vi.waitUntil(async () => (await second.list(tablePaths.YT_PROMOCODES_DIR)).length > 0, { timeout: 15_000 });
  expect(await rowsOf(second, tablePaths.YT_DISTRIBUTION)).toEqual(matched);
  expect(new Set((await rowsOf(second, tablePaths.YT_RESULTS)).map((row) => row['passed_test_flg']))).toEqual(new Set(['0', '1']));
  const [table] = await second.list(tablePaths.YT_PROMOCODES_DIR);
  expect(table?.name).toMatch(/^finished_promocodes_to_add_TAXICRM-\d+_\d{4}-\d{2}-\d{2}$/);
  const profile = after.people.newbies[0]!.profiles[0];
  const codes = await rowsOf(second, `${tablePaths.YT_PROMOCODES_DIR}/${table?.name}`);
  expect(codes).toMatchObject([{ entity_id: `${profile.parkId}_${profile.driverId}` }]);
  await Promise.all([second.close(), after.close()]);
  expect(failures).toEqual([]);
});

test('gives an environment that the service accepts, with every table at its default place', async () => {
  const network = await start(1);
  const config = readConfig(network.environment);
  expect(config.yt.proxy).toBe(network.yt.url);
  expect(config.yt.results).toBe(readConfig({ ...network.environment, YT_RESULTS: undefined }).yt.results);
  expect(config.upstreams.geobase).toBe(network.upstreams.urls.geobase);
  await network.close();
});

test('knows the last login of those who have no position', async () => {
  const network = await start(1);
  const client = new YtClient({ proxy: network.yt.url });
  const person = network.people.newbies.find(({ whereabouts }) => whereabouts === 'ip')!;
  const [{ parkId, driverId }] = person.profiles;
  const rows = await client.lookupRows(tablePaths.YT_DRIVER_LOGIN, [{ park_id: parkId, driver_id: driverId }]);
  expect(rows).toMatchObject([{ ip: person.ip }]);
  const city = await fetch(`${network.upstreams.urls.geobase}/v1/city?ip=${person.ip}`);
  expect(await city.json()).toMatchObject({ geo_id: person.city.geoId });
  await Promise.all([client.close(), network.close()]);
});
