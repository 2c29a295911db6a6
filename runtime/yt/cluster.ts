// The YTsaurus port over the HTTP proxy of a cluster.
import { YtClient, type ListedNode } from 'ytsaurus-client';
import type { YtConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Copies, Yt } from '../yt.ts';
import { ApplicationTable } from './application-table.ts';
import { createCopies } from './copies.ts';
import { isAbsent } from './failure.ts';
import { lastLoginIp } from './last-login.ts';
import { observed } from './observed.ts';
import { readSnapshot, tableRevision } from './snapshot.ts';

export interface YtDeps {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
}

// Tasks and jobs come again by themselves: patience here only has to outlast a restart of a proxy.
const retry = { budgetMs: 5_000, baseMs: 100, capMs: 1_000 };
/** A lock of another transaction is waited for as long as that. */
const patience = { budgetMs: 5_000, baseMs: 20 };
const pingTimeoutMs = 2_000;

/** Nothing is contacted until the first call. */
export function createYt(config: YtConfig, { log, metrics, random }: YtDeps): Yt {
  const client = new YtClient({ proxy: config.proxy, token: config.token, retry, random });
  const applications = new ApplicationTable(client, config.newDrivers, { ...patience, random });
  return {
    copies: observedCopies(createCopies({ client, patience: { ...patience, random } }), metrics),
    writeApplication(row, signal) {
      const operation = { method: 'write_application', place: `writing ${config.newDrivers}` };
      return observed(metrics, operation, () => applications.write(row, signal), signal);
    },
    correctApplication(owner, signal) {
      const operation = { method: 'correct_application', place: `writing ${config.newDrivers}` };
      return observed(metrics, operation, () => applications.correct(owner, signal), signal);
    },
    readTable(path, columns, read, signal) {
      const operation = { method: 'read_table', place: `reading ${path}` };
      return observed(metrics, operation, () => readSnapshot(client, { path, columns, read }, signal), signal);
    },
    listTables(directory, signal) {
      const operation = { method: 'list_tables', place: `listing ${directory}` };
      return observed(metrics, operation, () => listTables(client, directory, signal), signal);
    },
    lastLoginIp(profiles, signal) {
      const operation = { method: 'last_login_ip', place: `looking up ${config.driverLogin}` };
      return observed(metrics, operation, () => lastLoginIp({ client, log }, config.driverLogin, profiles, signal), signal);
    },
    ping(signal) {
      return observed(metrics, { method: 'ping', place: 'asking for the root' }, () => ping(client, signal), signal);
    },
    close: () => client.close(),
  };
}

function observedCopies(copies: Copies, metrics: Metrics): Copies {
  const watch = <Result>(method: string, place: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> =>
    observed(metrics, { method, place }, work, signal);
  return {
    upsert: (table, rows, options, signal) =>
      watch('upsert_rows', `writing ${table.path}`, () => copies.upsert(table, rows, options, signal), signal),
    lookup: (table, keys, signal) =>
      watch('lookup_rows', `looking up ${table.path}`, () => copies.lookup(table, keys, signal), signal),
    append: (ledger, batch, signal) =>
      watch('append_batch', `appending under ${ledger}`, () => copies.append(ledger, batch, signal), signal),
    lastBatch: (ledger, signal) => watch('last_batch', `reading ${ledger}`, () => copies.lastBatch(ledger, signal), signal),
    rowsAt: (place, signal) => watch('read_back', `reading ${place.path}`, () => copies.rowsAt(place, signal), signal),
  };
}

async function listTables(client: YtClient, directory: string, signal?: AbortSignal): ReturnType<Yt['listTables']> {
  const nodes = await childrenOf(client, directory, signal);
  if (nodes === null) return null;
  const tables = nodes.filter(({ attributes }) => attributes['type'] === 'table');
  return tables.map(({ name, attributes }) => ({ name, revision: tableRevision(String(attributes['id']), String(attributes['content_revision'])) }));
}

async function childrenOf(client: YtClient, directory: string, signal?: AbortSignal): Promise<ListedNode[] | null> {
  try {
    return await client.list(directory, { attributes: ['type', 'id', 'content_revision'] }, signal);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** A question that any token may ask, and that only a working cluster answers. */
async function ping(client: YtClient, signal?: AbortSignal): Promise<void> {
  const inTime = AbortSignal.timeout(pingTimeoutMs);
  await client.exists('/', {}, signal === undefined ? inTime : AbortSignal.any([inTime, signal]));
}
