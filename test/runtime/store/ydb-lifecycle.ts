// What use cases need of a context to run on one store, without upstreams or YT.
import { randomUUID } from 'node:crypto';
import type { LifecycleEvent } from '../../../machines/events.ts';
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import { readConfig } from '../../../runtime/config/config.ts';
import type { Context } from '../../../runtime/context.ts';
import { asServiceError } from '../../../runtime/errors.ts';
import { dispatch } from '../../../runtime/mentorship/dispatch.ts';
import { enrol } from '../../../runtime/mentorship/enroll.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { noSpool } from '../../../runtime/spool/no-spool.ts';
import type { Store } from '../../../runtime/store.ts';
import type { TaskQueue } from '../../../runtime/tasks.ts';
import { aProfile, aUdid, suiteStartMs } from '../../suites/records.ts';
import { silentLog } from './ydb-stores.ts';

const url = 'http://127.0.0.1:9';
const environment = {
  DATA_DIR: '/nonexistent', YT_PROXY: url, DRIVER_PROFILES_URL: url, PERSONAL_URL: url, TRACKSTORY_URL: url, FLEET_RENT_URL: url,
  CLIENT_EVENTS_URL: url, GEOBASE_URL: url, AUTH_JWKS: '/nonexistent/jwks.json', AUTH_ISSUER: 'https://issuer.test',
  // The store is what is tested: it is waited for.
  SPOOL_AFTER: '1m',
};

export function contextOn({ store, tasks }: { store: Store; tasks: TaskQueue }): Context {
  const config = readConfig(environment);
  const spool = noSpool(Date.now);
  return { config, store, tasks, spool, metrics: createMetrics(), log: silentLog, newId: randomUUID, random: Math.random } as unknown as Context;
}

/** The newbie's profile is the first. */
export function aPersonOf(profiles: readonly Profile[] = [aProfile()]): { udid: ReturnType<typeof aUdid>; profiles: readonly Profile[] } {
  return { udid: aUdid(randomUUID()), profiles };
}

export function matchedWith(connectedAt: number, mentor: Profile = aProfile()): LifecycleEvent {
  return { type: 'MATCHED', mentor, mentorUdid: null, connectedAt };
}

/** What every caller of the store does with a failure that says it may be tried again. */
export async function again<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!asServiceError(error).retryable || tries === 20) throw error;
    }
  }
}

/** What {@link live} leaves of a matching: versions and statuses. */
export const expectedMoves = ['1 created', '2 requested', '3 matched', '4 initialized'];

const events: readonly LifecycleEvent[] = [{ type: 'APPLICATION_WRITTEN' }, matchedWith(suiteStartMs), { type: 'MATCH_ANNOUNCED', epoch: 1 }];

/** Two phones enrol the same person at once, and every event comes twice. */
export async function live(ctx: Context): Promise<MatchingId> {
  const person = aPersonOf([aProfile(), aProfile()]);
  const enrolments = person.profiles.map((caller) => again(() => enrol(ctx, person, { caller, idempotencyKey: null })));
  const ids = new Set((await Promise.all(enrolments)).map(({ participation }) => participation.matchingId));
  const [matchingId] = ids;
  if (matchingId === undefined || ids.size !== 1) throw new Error('one person got more than one matching');
  for (const event of events) {
    await Promise.all([1, 2].map(() => again(() => dispatch(ctx, [{ matchingId, event }], { actor: 'operator' }))));
  }
  return matchingId;
}

export async function workOff(ctx: Context): Promise<number> {
  for (let done = 0; ; ) {
    const claimed = await again(() => ctx.tasks.claim({ owner: 'worker', limit: 5, leaseMs: 60_000 }));
    if (claimed.length === 0) return done;
    const settled = await Promise.all(claimed.map((task) => again(() => ctx.tasks.complete(task))));
    done += settled.filter(Boolean).length;
  }
}
