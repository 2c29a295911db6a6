// The YDB adapter under each fault that YDB and the network are known for, at one call in twenty: lifecycles end right, with no
// transition doubled or lost, whatever became of replies.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { queues } from '../../../runtime/tasks.ts';
import { Status } from '../../ydb-server/errors.ts';
import { type Fault, type FaultRule, seededRandom } from '../../ydb-server/faults.ts';
import { contextOn, expectedMoves, live, workOff } from './ydb-lifecycle.ts';
import { openOnLocalServer } from './ydb-stores.ts';

const people = 12;
const oneInTwenty = { probability: 0.05, times: Number.POSITIVE_INFINITY };
const query = 'Query.ExecuteQuery';
const commit = 'Query.CommitTransaction';
const status = (of: Status): Fault => ({ kind: 'status', status: of });
const grpc = (code: number): Fault => ({ kind: 'grpc', code });

const faults: Readonly<Record<string, readonly FaultRule[]>> = {
  'an error after rows': [{ rpc: query, at: 'between', fault: status(Status.UNAVAILABLE) }],
  'a stream that ends early': [{ rpc: query, at: 'between', fault: { kind: 'end' } }, { rpc: query, fault: { kind: 'end' } }],
  'a commit applied whose reply is lost': [{ rpc: commit, at: 'after', fault: grpc(14) }],
  'a commit not applied that goes unanswered': [{ rpc: commit, fault: grpc(14) }],
  'a commit of unknown outcome': [
    { rpc: commit, at: 'after', fault: status(Status.UNDETERMINED) }, { rpc: commit, fault: status(Status.UNDETERMINED) },
  ],
  'a lost session': [{ rpc: query, fault: { kind: 'lose-session' } }, { rpc: commit, fault: { kind: 'lose-session' } }],
  'an attach stream that ends': [{ rpc: query, fault: { kind: 'end-attach' } }],
  'a server overloaded': [{ rpc: query, fault: status(Status.OVERLOADED) }, { rpc: commit, fault: status(Status.OVERLOADED) }],
  'gRPC 1, cancelled': [
    { rpc: query, fault: grpc(1) }, { rpc: query, at: 'between', fault: grpc(1) }, { rpc: commit, at: 'after', fault: grpc(1) },
  ],
  'gRPC 4, deadline exceeded': [{ rpc: query, at: 'between', fault: grpc(4) }, { rpc: commit, at: 'after', fault: grpc(4) }],
  'gRPC 8, resource exhausted': [{ rpc: query, fault: grpc(8) }, { rpc: commit, fault: grpc(8) }],
  'gRPC 13, internal': [{ rpc: query, fault: grpc(13) }, { rpc: commit, at: 'after', fault: grpc(13) }],
  'gRPC 14, unavailable': [{ rpc: query, fault: grpc(14) }, { rpc: query, at: 'between', fault: grpc(14) }],
  'a call that is never answered': [
    { rpc: query, fault: { kind: 'hang' }, probability: 0.01 }, { rpc: commit, at: 'after', fault: { kind: 'hang' }, probability: 0.03 },
  ],
  'sessions that cannot be made': [
    { rpc: 'Query.CreateSession', fault: status(Status.UNAVAILABLE) }, { rpc: 'Query.AttachSession', fault: grpc(14) },
  ],
};

const stray: unknown[] = [];
const catchStray = (reason: unknown): void => void stray.push(reason);
beforeEach(() => {
  stray.length = 0;
  process.on('unhandledRejection', catchStray);
});
afterEach(() => {
  process.off('unhandledRejection', catchStray);
});

test.each(Object.entries(faults))('keeps every lifecycle right under %s', async (_name, rules) => {
  const ydb = await openOnLocalServer({ seed: 7 }, { random: seededRandom(7), attemptTimeoutMs: 400, poolSize: 8 });
  const ctx = contextOn(ydb);
  try {
    for (const rule of rules) ydb.server.faults.add({ ...oneInTwenty, ...rule });
    const ids = await Promise.all(Array.from({ length: people }, () => live(ctx)));
    await workOff(ctx);
    expect(ydb.server.faults.fired.length).toBeGreaterThan(0);
    ydb.server.faults.clear();
    ydb.passTime(60_000);
    await workOff(ctx);
    const moves = await Promise.all(ids.map(async (id) => (await ydb.store.transitions(id)).map(({ version, to }) => `${version} ${to}`)));
    expect(moves).toEqual(ids.map(() => expectedMoves));
    expect(await ydb.store.matchings(ids)).toMatchObject(ids.map(() => ({ status: 'initialized', version: 4 })));
    expect(await ydb.store.funnel()).toMatchObject({
      created: { reached: people, present: 0 }, matched: { reached: people, present: 0 }, initialized: { reached: people, present: people },
    });
    expect((await ydb.tasks.stats()).filter(({ count }) => count > 0)).toEqual([]);
    for (const queue of queues) {
      const { items } = await ydb.tasks.list({ queue, state: 'done' }, { limit: people + 1, cursor: null });
      expect(items).toHaveLength(people);
    }
    expect(stray).toEqual([]);
  } finally {
    await ydb.close();
  }
}, 60_000);

test('what nobody waits for any more is not committed: the caller has made other arrangements', async () => {
  const ydb = await openOnLocalServer();
  try {
    const caller = new AbortController();
    const given = ydb.store.transact(async (tx) => {
      await tx.putJobState('late', 'x');
      caller.abort();
    }, caller.signal);
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    expect(await ydb.store.jobState('late')).toBeNull();
  } finally {
    await ydb.close();
  }
});
