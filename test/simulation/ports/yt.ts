// The YT port as one instance reaches the cluster: streams that break off, commits whose answer is lost, reads that show too little.
import { ServiceError } from '../../../runtime/errors.ts';
import type { TableSnapshot, Yt } from '../../../runtime/yt.ts';
import type { ClusterTable } from '../cluster.ts';
import { call, type Line } from './calls.ts';

const batchRows = 4;

export function ytPort(line: Line): Yt {
  const { world } = line;
  const { cluster, people } = world;
  const ask = <Result>(what: string, effect: () => Result, signal?: AbortSignal): Promise<Result> =>
    call(line, { service: 'yt', what: `yt ${what}`, effect, signal });
  return {
    copies: {
      upsert: (table, rows, options, signal) => ask('upsert', () => cluster.upsert(table, rows, options), signal),
      lookup: (table, keys, signal) => ask('lookup', () => shortened(line, cluster.lookup(table, keys)), signal),
      append: (ledger, batch, signal) => ask('append', () => [...cluster.append(ledger, batch)], signal),
      lastBatch: (ledger, signal) => ask('last batch', () => cluster.lastBatch(ledger), signal),
      rowsAt: ({ path, startRow, rowCount }, signal) =>
        ask('rows at', () => shortened(line, cluster.staticRows(path).slice(startRow, startRow + rowCount)), signal),
    },
    writeApplication: (row, signal) => ask('write application', () => void cluster.applications.set(row.newbie_key, row), signal),
    correctApplication: (owner, signal) => ask('correct application', () => cluster.correctApplication(owner), signal),
    readTable: async (path, _columns, read, signal) => {
      const table = await ask('read table', () => cluster.table(path), signal);
      return read(snapshotOf(line, table, signal));
    },
    listTables: (directory, signal) => ask('list', () => cluster.tablesIn(directory), signal),
    lastLoginIp: (profiles, signal) => ask('last login', () => {
      const found = people.all.filter((one) => one.profiles.some(({ parkId, driverId }) =>
        profiles.some((profile) => profile.parkId === parkId && profile.driverId === driverId)));
      return found[0]?.ip ?? null;
    }, signal),
    ping: (signal) => ask('ping', () => {}, signal),
    close: async () => {},
  };
}

function shortened<Row>({ world }: Line, rows: readonly Row[]): Row[] {
  if (rows.length === 0 || !world.random.chance(world.weather.shortRead)) return [...rows];
  world.count('fault: short read');
  return rows.slice(1);
}

function snapshotOf(line: Line, { rows, revision }: ClusterTable, signal?: AbortSignal): TableSnapshot {
  async function* batches(): AsyncGenerator<readonly unknown[], void> {
    const { random, weather } = line.world;
    const breaksAt = random.chance(weather.brokenStream) ? random.between(0, rows.length) : null;
    for (let from = 0; from <= rows.length; from += batchRows) {
      // Most of a table is there at once; now and then the stream has to be waited for.
      if (random.chance(0.2)) await call(line, { service: 'yt', what: 'yt stream', effect: () => {}, signal });
      if (breaksAt !== null && breaksAt < from + batchRows) {
        line.world.count('fault: broken stream');
        yield rows.slice(from, breaksAt);
        throw new ServiceError('yt_unavailable', 'the stream broke off');
      }
      yield rows.slice(from, from + batchRows);
    }
  }
  async function* single(): AsyncGenerator<unknown, void> {
    for await (const batch of batches()) yield* batch;
  }
  return { revision, rowCount: rows.length, rows: single, batches };
}
