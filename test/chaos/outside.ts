// The world outside the service in a process of its own: YT, the upstreams, where asked for YDB, and the CRM. The parent asks over IPC.
import { people } from '../sandbox/seed.ts';
import { createTables, tablePaths, writeLastLogins } from '../sandbox/tables.ts';
import { startUpstreams, upstreamVariables } from '../sandbox/upstreams/upstreams.ts';
import { worldOf } from '../sandbox/world-people.ts';
import { startYtProxy } from '../sandbox/yt-proxy/proxy.ts';
import { startYdbServer } from '../ydb-server/server.ts';
import { YtClient } from 'ytsaurus-client';
import { ChaosCrm } from './crm.ts';
import type { Answer, Question } from './outside-link.ts';

const [store = 'sqlite', drivers = '10', seed = '1'] = process.argv.slice(2);
const cast = people(Number(drivers));
const everyone = [...cast.newbies, ...cast.mentors];
const yt = await startYtProxy({ directory: null });
const upstreams = await startUpstreams(worldOf(everyone));
const ydb = store === 'ydb' ? await startYdbServer() : null;
const client = new YtClient({ proxy: yt.url });
await createTables(client);
await writeLastLogins(client, everyone, new Date().toISOString());
const crm = new ChaosCrm(yt.url, cast.mentors, Number(seed));
crm.start();

const answers: Readonly<Record<Question, () => Promise<unknown>>> = {
  environment: async () => ({
    ...tablePaths,
    YT_PROXY: yt.url,
    ...upstreamVariables(upstreams),
    ...(ydb === null ? {} : { STORE: 'ydb', YDB_CONNECTION_STRING: ydb.connectionString, YDB_ANONYMOUS_CREDENTIALS: '1' }),
  }),
  store_away: async () => ydb?.stopListening(),
  store_back: async () => ydb?.listenAgain(),
  upstream_fault: async () => {
    upstreams.faults.personal.set({ kind: 'status', status: 503, times: 3 });
    upstreams.faults.clientEvents.set({ kind: 'drop_reply', times: 2 });
    upstreams.faults.fleetRent.set({ kind: 'delay', delayMs: 800, times: 2 });
    yt.faults.inject({ effect: { kind: 'drop_reply' } });
    yt.faults.inject({ effect: { kind: 'break', afterRows: 2 } });
    return null;
  },
  applications: async () => {
    const rows: unknown[] = [];
    for await (const row of client.readTable(tablePaths.YT_NEW_DRIVERS)) rows.push(row);
    return rows;
  },
  events: async () => [...upstreams.acceptedEvents].map(([id, event]) => ({ id, ...event })),
  close: async () => {
    await crm.stop();
    await client.close();
    await Promise.all([yt.close(), upstreams.close(), ydb?.close()]);
    setImmediate(() => process.disconnect());
    return null;
  },
};

process.on('message', (message: { id: number; question: Question }) => void reply(message));
process.send?.({ id: 0 } satisfies Answer);

async function reply({ id, question }: { id: number; question: Question }): Promise<void> {
  try {
    process.send?.({ id, value: (await answers[question]()) ?? null } satisfies Answer);
  } catch (error) {
    process.send?.({ id, error: String(error) } satisfies Answer);
  }
}
