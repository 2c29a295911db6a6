// YT and the upstreams without faults of their own, in memory: in the crash test all trouble comes from the process's death.
import { profileKey } from '../../machines/ids.ts';
import type { Person, Upstreams } from '../../runtime/upstream.ts';
import type { Yt } from '../../runtime/yt.ts';
import type { App } from '../simulation/app.ts';
import type { Cluster } from '../simulation/cluster.ts';

export function steadyYt(cluster: Cluster): Yt {
  return {
    copies: {
      upsert: async (table, rows, options) => cluster.upsert(table, rows, options),
      lookup: async (table, keys) => cluster.lookup(table, keys),
      append: async (ledger, batch) => [...cluster.append(ledger, batch)],
      lastBatch: async (ledger) => cluster.lastBatch(ledger),
      rowsAt: async ({ path, startRow, rowCount }) => cluster.staticRows(path).slice(startRow, startRow + rowCount),
    },
    writeApplication: async (row) => void cluster.applications.set(row.newbie_key, row),
    correctApplication: async (owner) => cluster.correctApplication(owner),
    readTable: async (path, _columns, read) => {
      const { rows, revision } = cluster.table(path);
      async function* single(): AsyncGenerator<unknown, void> {
        yield* rows;
      }
      async function* whole(): AsyncGenerator<readonly unknown[], void> {
        yield rows;
      }
      return read({ revision, rowCount: rows.length, rows: single, batches: whole });
    },
    listTables: async (directory) => cluster.tablesIn(directory),
    lastLoginIp: async () => '192.0.2.1',
    ping: async () => {},
    close: async () => {},
  };
}

export function steadyUpstreams(people: readonly Person[], app: App, nowMs: () => number): Upstreams {
  const personOf = (key: string): Person[] => people.filter(({ profiles }) => profiles.some((profile) => profileKey(profile) === key));
  return {
    driverProfiles: {
      linked: async (profiles) => new Map(profiles.flatMap((profile) => personOf(profileKey(profile)).map((one) => [profileKey(profile), one] as const))),
      retrieve: async (profiles) => new Map(profiles.map((profile) => [profileKey(profile), { fullName: null, phonePdId: 'pd' }])),
    },
    personal: { phones: async () => new Map([['pd', '+79990000000']]) },
    trackstory: { lastPosition: async () => null },
    geobase: { cityAt: async () => null, cityOfIp: async () => ({ geoId: 213, name: 'Moscow' }) },
    fleetRent: { isRented: async () => false },
    clientEvents: { push: async (events) => events.map((event) => app.take(event, nowMs())) },
    close: async () => {},
  };
}
