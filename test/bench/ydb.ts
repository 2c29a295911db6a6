// What an operation costs on the YDB adapter beside the bare client library, which sends the very same statements with the very same
// parameters and reads the answers, as its user writes it: plain rows go in through the library's typed values, its own plain rows come out.
// Each has a local server of its own, so that both find the same rows, and the servers are processes of their own, so that the processor
// time is that of the client's side.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Driver, QuerySession, Ydb } from 'ydb-sdk';
import type { MatchingId } from '../../machines/ids.ts';
import { compose } from '../../runtime/compose.ts';
import { readConfig } from '../../runtime/config/config.ts';
import type { Context } from '../../runtime/context.ts';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { enrol } from '../../runtime/mentorship/enroll.ts';
import { createLog } from '../../runtime/log.ts';
import { createDriver, parseAddress } from '../../runtime/store/ydb/driver.ts';
import { failureOf, YdbFailure } from '../../runtime/store/ydb/failure.ts';
import { ydb } from '../../runtime/store/ydb/sdk.ts';
import { driver as profileOf, personOf, upstreams } from './people.ts';
import { cpuUsEach, median, perSecond, round, takeTurns, type Turn } from './measure.ts';
import { makePlace } from './place.ts';
import { assertSameBytes, encoded, type PlainParameters, plainOf } from './ydb-plain.ts';

const operationsPerTurn = 400;
const concurrency = 8;
const turns = { warmUps: 2, repetitions: 5 };
const silent = createLog('silent', { write: () => {} });
const cause = { actor: 'operator' };
const readyTimeoutMs = 10_000;
/** Mentors are other people than newbies. */
const firstMentor = 1_000_000;

type Execute = Parameters<QuerySession['execute']>[0];

/** What went over the wire for one operation. */
type Step = { readonly kind: 'execute'; readonly request: Execute } | { readonly kind: 'commit' };

/** The same, as it is before the library is called. */
type Call =
  | { readonly kind: 'execute'; readonly text: string; readonly parameters: PlainParameters; readonly txControl: Ydb.Query.ITransactionControl | undefined }
  | { readonly kind: 'commit' };

/** Runs operation number `index`; `index` never repeats. */
type Operation = (index: number) => Promise<unknown>;

export async function benchYdb(): Promise<unknown> {
  tapSessions();
  const place = await makePlace();
  const [server, another] = [await startServer(), await startServer()];
  process.env['YDB_ANONYMOUS_CREDENTIALS'] = '1';
  const open = (connectionString: string): ReturnType<typeof compose> =>
    compose(readConfig({ ...place.environment, STORE: 'ydb', YDB_CONNECTION_STRING: connectionString }), { log: silent, upstreams });
  const [composed, schema] = [await open(server.connectionString), await open(another.connectionString)];
  const bare = createDriver(parseAddress(another.connectionString), { log: silent, poolSize: concurrency, credentials: ydb().getCredentialsFromEnv() });
  try {
    for (const { ctx } of [composed, schema]) await ctx.store.migrate();
    await schema.close();
    if (!(await bare.ready(readyTimeoutMs))) throw new Error('the local YDB server is not ready');
    return await compare(composed.ctx, bare);
  } finally {
    await bare.destroy();
    await composed.close();
    for (const one of [server, another]) one.kill();
    place.clear();
  }
}

async function compare(ctx: Context, bare: Driver): Promise<unknown> {
  const ids: MatchingId[] = [];
  let next = 0;
  const numbered = (operation: Operation) => (): Promise<unknown> => operation(next++);
  const operations = {
    enrol: numbered(async (index) => ids.push((await enrolled(ctx, index)).participation.matchingId)),
    dispatch: numbered(async (index) => moved(ctx, ids, index)),
    contacts: numbered((index) => ctx.store.contacts({ profiles: [profileOf(firstMentor + (index % operationsPerTurn))], hideAfterMs: 1 })),
  };
  const results: Record<string, Measured> = {};
  for (const [name, operation] of Object.entries(operations)) results[name] = await measure(name, operation, bare);
  return resultOf(results);
}

function enrolled(ctx: Context, index: number): ReturnType<typeof enrol> {
  const profile = profileOf(index);
  return enrol(ctx, personOf(profile), { caller: profile, idempotencyKey: null });
}

async function moved(ctx: Context, ids: MatchingId[], index: number): Promise<void> {
  const matchingId = ids.pop();
  if (matchingId === undefined) throw new Error('there is no matching left to move');
  const event = { type: 'MATCHED', mentor: profileOf(firstMentor + (index % operationsPerTurn)), mentorUdid: null, connectedAt: Date.UTC(2026, 0, 1) } as const;
  const [outcome] = await dispatch(ctx, [{ matchingId, event }], cause);
  if (outcome?.outcome !== 'moved') throw new Error(`the matching was not moved: ${JSON.stringify(outcome)}`);
}

interface Measured {
  readonly roundTrips: number;
  readonly oursCpuUs: number;
  readonly bareCpuUs: number;
  readonly oursPerSecond: number;
  /** CPU of the bare client over ours, of each round. */
  readonly ratio: number;
}

async function measure(name: string, operation: () => Promise<unknown>, bare: Driver): Promise<Measured> {
  let sent: Step[][] = [];
  const taken = await takeTurns({
    adapter: async () => {
      sent = [];
      return timed(async () => void sent.push(await tape(operation)));
    },
    client: async () => {
      const calls = sent.map((steps) => steps.map(callOf));
      return timed((index) => replay(bare, calls[index] ?? []));
    },
  }, turns);
  const [ours, theirs] = [taken.adapter.map(cpuUsEach), taken.client.map(cpuUsEach)];
  const measured = {
    roundTrips: median(sent.map((steps) => steps.length)),
    oursCpuUs: median(ours), bareCpuUs: median(theirs), ratio: median(ours.map((us, index) => (theirs[index] ?? Number.NaN) / us)),
    oursPerSecond: median(taken.adapter.map(perSecond)),
  };
  process.stderr.write(`${name}: ${JSON.stringify(measured)}\n`);
  return measured;
}

/** From a swept heap, so that a turn pays for no garbage but its own. */
async function timed(work: (index: number) => Promise<unknown>): Promise<Turn> {
  sweep();
  const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()];
  await inParallel(work);
  const { user, system } = process.cpuUsage(startedCpu);
  const ms = performance.now() - startedMs;
  return { count: operationsPerTurn, ms, latenciesMs: [ms / operationsPerTurn], cpuMs: (user + system) / 1_000 };
}

setFlagsFromString('--expose-gc');
const sweep = runInNewContext('gc') as () => void;

async function inParallel(work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next < operationsPerTurn) await work(next++);
  }));
}

/** What the operation under way has sent so far. */
const sending = new AsyncLocalStorage<Step[]>();

/** What the adapter sends for an operation. */
async function tape(operation: () => Promise<unknown>): Promise<Step[]> {
  const steps: Step[] = [];
  await sending.run(steps, operation);
  if (steps.length === 0) throw new Error('nothing was sent');
  return steps;
}

/** Every session made from now on tells what it sends. The library gives each its own function, from here. */
function tapSessions(): void {
  const require = createRequire(createRequire(import.meta.url).resolve('ydb-sdk'));
  const library = require('./query/query-session-execute.js') as { execute: QuerySession['execute'] };
  const { execute } = library;
  library.execute = function tapped(this: QuerySession, request) {
    sending.getStore()?.push({ kind: 'execute', request });
    return execute.call(this, request);
  };
  const { QuerySession: session } = require('./query/query-session.js') as { QuerySession: { prototype: QuerySession } };
  const commit = Reflect.get(session.prototype, 'commitTransaction');
  session.prototype.commitTransaction = function tapped() {
    sending.getStore()?.push({ kind: 'commit' });
    return commit.call(this);
  };
}

/** Statements whose parameters were found to be the same bytes both ways. */
const compared = new Set<string>();

function callOf(step: Step): Call {
  if (step.kind === 'commit') return step;
  const { text, parameters = {}, txControl } = step.request;
  const plain = plainOf(parameters);
  if (!compared.has(text)) assertSameBytes(plain, parameters);
  compared.add(text);
  return { kind: 'execute', text, parameters: plain, txControl };
}

async function replay(bare: Driver, calls: readonly Call[]): Promise<void> {
  try {
    await replayAll(bare, calls);
  } catch (error) {
    // The folding of the counts, which falls to one operation of hundreds, meets others here than it met there.
    const failure = failureOf(error, false);
    if (!(failure instanceof YdbFailure && failure.kind === 'conflict')) throw error;
    process.stderr.write('an operation of the client was aborted\n');
  }
}

async function replayAll(bare: Driver, calls: readonly Call[]): Promise<void> {
  await bare.queryClient.do({
    fn: async (session) => {
      for (const call of calls) {
        if (call.kind === 'commit') await session.commitTransaction();
        else await answered(session, call);
      }
      // What the adapter only read in a transaction that it then gave up.
      if (session.txId !== undefined) await session.rollbackTransaction();
    },
  });
}

/** The rows of each result set, as the library makes them. */
async function answered(session: QuerySession, { text, parameters, txControl }: Extract<Call, { kind: 'execute' }>): Promise<unknown[][]> {
  const asked = { text, parameters: encoded(parameters), ...(txControl === undefined ? {} : { txControl }) };
  const { resultSets, opFinished } = await session.execute(asked);
  const sets: unknown[][] = [];
  // What ends the rows ends the operation too, and is thrown by them.
  opFinished.catch(() => {});
  for await (const set of resultSets) {
    const rows: unknown[] = [];
    for await (const row of set.rows) rows.push(row);
    sets.push(rows);
  }
  await opFinished;
  return sets;
}

function resultOf(results: Readonly<Record<string, Measured>>): unknown {
  const each = <Value>(pick: (measured: Measured) => Value): Record<string, Value> =>
    Object.fromEntries(Object.entries(results).map(([name, measured]) => [name, pick(measured)]));
  const of = results['dispatch'];
  return {
    bench: 'ydb', unit: 'events/s', ours: Math.round(of?.oursPerSecond ?? Number.NaN), p50_ms: null, p99_ms: null,
    // Processor time of the bare client over the adapter's.
    ratios: each(({ ratio }) => round(ratio, 2)),
    cpu_us: each(({ oursCpuUs }) => Math.round(oursCpuUs)), bare_cpu_us: each(({ bareCpuUs }) => Math.round(bareCpuUs)),
    round_trips: each(({ roundTrips }) => roundTrips), operations_s: each(({ oursPerSecond }) => Math.round(oursPerSecond)),
    missing: [],
  };
}

async function startServer(): Promise<{ readonly connectionString: string; kill(): void }> {
  const main = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'ydb', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { connectionString: line.replace(/^ready /, ''), kill: () => child.kill() };
}
