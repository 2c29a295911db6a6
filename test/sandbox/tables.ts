// The YT tables of the sandbox (contracts section 5): made when absent, so that a restarted world keeps its rows.
import type { YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import { serviceVariables } from '../../runtime/config/env.ts';
import type { SeededPerson } from './seed.ts';

const {
  YT_NEW_DRIVERS, YT_DISTRIBUTION, YT_RESULTS, YT_PROMOCODES_DIR, YT_DRIVER_LOGIN, YT_REPLICA_DIR, YT_ARCHIVE_DIR,
} = serviceVariables;

/** The service's own defaults, under the names of its variables. */
export const tablePaths = z
  .object({ YT_NEW_DRIVERS, YT_DISTRIBUTION, YT_RESULTS, YT_PROMOCODES_DIR, YT_DRIVER_LOGIN, YT_REPLICA_DIR, YT_ARCHIVE_DIR })
  .parse({});

type ColumnType = 'string' | 'int64' | 'boolean';
type Columns = Readonly<Record<string, ColumnType>>;

const newDrivers: Columns = {
  newbie_key: 'string',
  matching_id: 'string',
  newbie_park_id: 'string',
  newbie_driver_id: 'string',
  phone: 'string',
  city: 'string',
  city_geo_id: 'int64',
  city_source: 'string',
  is_rented_car: 'boolean',
  created_at: 'string',
  requested_at: 'string',
};
const distribution = strings('newbie_park_id', 'newbie_driver_id', 'mentor_park_id', 'mentor_driver_id', 'connected_dttm');
const results = strings(
  'udid', 'rate_avg_7d', 'rate_avg_14d', 'avg_dp_7d', 'avg_dp_14d', 'sh_7d', 'sh_14d', 'correct_answers', 'passed_test_flg',
);
const promocodes = strings('entity_id', 'promocode');
const driverLogin = strings('park_id', 'driver_id', 'ip', 'login_at');

export async function createTables(yt: YtClient): Promise<void> {
  await createDynamicTable(yt, { path: tablePaths.YT_NEW_DRIVERS, columns: newDrivers, keys: ['newbie_key'] });
  await createDynamicTable(yt, { path: tablePaths.YT_DRIVER_LOGIN, columns: driverLogin, keys: ['park_id', 'driver_id'] });
  await createStaticTable(yt, { path: tablePaths.YT_DISTRIBUTION, columns: distribution });
  await createStaticTable(yt, { path: tablePaths.YT_RESULTS, columns: results });
  for (const directory of [tablePaths.YT_PROMOCODES_DIR, tablePaths.YT_REPLICA_DIR, tablePaths.YT_ARCHIVE_DIR]) {
    await yt.create('map_node', directory, { recursive: true, ignoreExisting: true });
  }
}

/** The platform's copy of last logins: only for people whose position is unknown but whose address is not. */
export async function writeLastLogins(yt: YtClient, people: readonly SeededPerson[], loginAt: string): Promise<void> {
  const rows = people.flatMap(({ ip, profiles }) =>
    ip === null ? [] : profiles.map(({ parkId, driverId }) => ({ park_id: parkId, driver_id: driverId, ip, login_at: loginAt })),
  );
  await yt.insertRows(tablePaths.YT_DRIVER_LOGIN, rows);
}

interface PromocodeTable {
  readonly name: string;
  readonly rows: readonly { readonly entity_id: string; readonly promocode: string }[];
}

/** A new table of codes appears whole: nobody sees it empty. */
export async function publishPromocodes(yt: YtClient, { name, rows }: PromocodeTable, signal?: AbortSignal): Promise<void> {
  const path = `${tablePaths.YT_PROMOCODES_DIR}/${name}`;
  await yt.inTransaction({ title: `publish ${name}` }, async (transaction) => {
    await createStaticTable(yt, { path, columns: promocodes, transactionId: transaction.id });
    await yt.writeTable(path, rows, { transactionId: transaction.id }, signal);
  }, signal);
}

interface StaticTable {
  readonly path: string;
  readonly columns: Columns;
  readonly transactionId?: string;
}

async function createStaticTable(yt: YtClient, { path, columns, transactionId }: StaticTable): Promise<void> {
  const inside = transactionId === undefined ? {} : { transactionId };
  const attributes = { schema: schemaOf(columns, []) };
  await yt.create('table', path, { attributes, recursive: true, ignoreExisting: true, ...inside });
}

async function createDynamicTable(yt: YtClient, { path, columns, keys }: StaticTable & { readonly keys: readonly string[] }): Promise<void> {
  const schema = { $value: schemaOf(columns, keys), $attributes: { strict: true, unique_keys: true } };
  await yt.create('table', path, { attributes: { schema, dynamic: true }, recursive: true, ignoreExisting: true });
  await yt.mountTable(path);
}

function schemaOf(columns: Columns, keys: readonly string[]) {
  return Object.entries(columns).map(([name, type]) => ({ name, type, ...(keys.includes(name) ? { sort_order: 'ascending' } : {}) }));
}

function strings(...names: readonly string[]): Columns {
  return Object.fromEntries(names.map((name) => [name, 'string']));
}
