// Nothing is done unrecorded, and a record says how its act ended.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MatchingId, Profile } from '../../machines/ids.ts';
import { ServiceError } from '../../runtime/errors.ts';
import { retryTask, sendEvent } from '../../runtime/mentorship/operator.ts';
import { holdsPhone, jobAct, recorded } from '../../runtime/operator-actions.ts';
import type { OperatorActionRecord } from '../../runtime/store.ts';
import { openScene, person, profileOf, type Scene } from '../suites/scene.ts';

let scene: Scene;
const rita = person('rita');
beforeEach(async () => {
  scene = await openScene({ people: [rita] });
});
afterEach(() => scene.close());

const operator = { actor: 'olga', reason: 'ticket 7' };

async function actions(): Promise<readonly OperatorActionRecord[]> {
  return (await scene.ctx.store.operatorActions({}, { limit: 10, cursor: null })).items;
}

test('an event is recorded with what it did to the matching', async () => {
  const { participation: { matchingId } } = await scene.enrol(profileOf(rita));
  const send = () => sendEvent(scene.ctx, { matchingId, eventOf: () => ({ type: 'APPLICATION_WRITTEN' }), operator });
  expect(await send()).toMatchObject({ outcome: 'moved' });
  expect(await send()).toMatchObject({ outcome: 'ignored' });
  const recordedAlike = { action: 'send_event', subject: 'APPLICATION_WRITTEN', matchingId, ...operator };
  expect(await actions()).toMatchObject([{ ...recordedAlike, outcome: 'ignored' }, { ...recordedAlike, outcome: 'moved' }]);
});

describe('a match that an operator makes', () => {
  const [newbie, mentor] = [person('newbie', 2), person('mentor', 2)];
  const matchedTo = async (matchingId: MatchingId, to: Profile, aheadMs: number) => {
    const connectedAt = (await scene.ctx.store.now()) + aheadMs;
    return sendEvent(scene.ctx, { matchingId, mentor: to, eventOf: () => ({ type: 'MATCHED', mentor: to, mentorUdid: null, connectedAt }), operator });
  };
  const enrolled = async (): Promise<MatchingId> => {
    scene.upstreams.world.people.push(newbie, mentor);
    return (await scene.enrol(profileOf(newbie))).participation.matchingId;
  };

  test('knows the mentor by all of his profiles', async () => {
    const matchingId = await enrolled();
    expect(await matchedTo(matchingId, profileOf(mentor), -2_000)).toMatchObject({ outcome: 'moved' });
    expect(await scene.matching(matchingId)).toMatchObject({ mentorUdid: 'udid-mentor', epoch: 1 });
    expect(await matchedTo(matchingId, profileOf(mentor, 1), -1_000)).toMatchObject({ outcome: 'ignored' });
    expect(await scene.matching(matchingId)).toMatchObject({ epoch: 1 });
  });

  test('is not one of the newbie with himself', async () => {
    const matchingId = await enrolled();
    expect(await matchedTo(matchingId, profileOf(newbie, 1), -1_000)).toMatchObject({ outcome: 'ignored' });
  });

  test('is refused with a date that no import would take', async () => {
    const matchingId = await enrolled();
    await expect(matchedTo(matchingId, profileOf(mentor), 25 * 3_600_000)).rejects.toMatchObject({ code: 'bad_event', message: expect.stringContaining('connected_dttm') });
    expect(await scene.matching(matchingId)).toMatchObject({ mentor: null });
    expect(await matchedTo(matchingId, profileOf(mentor), 23 * 3_600_000)).toMatchObject({ outcome: 'moved' });
  });
});

test('a retry is recorded with the matching of its task, also when there was nothing to retry', async () => {
  const { participation: { matchingId } } = await scene.enrol(profileOf(rita));
  const [task] = await scene.ctx.store.tasksOfMatching(matchingId);
  await scene.settleTasks();
  expect(await retryTask(scene.ctx, task!, operator)).toBe(false);
  expect(await actions()).toMatchObject([{ action: 'retry_task', subject: task!.id, matchingId, ...operator, outcome: 'not retried' }]);
});

test('the record is there before the act, and says failed with the code when it fails', async () => {
  const work = async (): Promise<never> => {
    expect(await actions()).toMatchObject([{ action: 'dry_run_job', subject: 'archive', matchingId: null, outcome: 'started' }]);
    throw new ServiceError('yt_unavailable', 'the cluster is away');
  };
  await expect(recorded(scene.ctx, jobAct('archive', true, operator), work, String)).rejects.toMatchObject({ code: 'yt_unavailable' });
  expect(await actions()).toMatchObject([{ outcome: 'failed: yt_unavailable' }]);
});

test('what cannot be recorded is not done', async () => {
  let done = false;
  const store = { transact: async () => { throw new ServiceError('store_unavailable', 'away'); } };
  const acting = recorded({ ...scene.ctx, store }, jobAct('archive', false, operator), async () => { done = true; }, () => 'done');
  await expect(acting).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(done).toBe(false);
});

test('an act whose end could not be stored succeeded all the same, and the log says so', async () => {
  let transactions = 0;
  const { store } = scene.ctx;
  const transact: typeof store.transact = (work) => {
    transactions += 1;
    if (transactions > 1) throw new ServiceError('store_unavailable', 'away');
    return store.transact(work);
  };
  expect(await recorded({ ...scene.ctx, store: { transact } }, jobAct('archive', false, operator), async () => 7, String)).toBe(7);
  expect(await actions()).toMatchObject([{ outcome: 'started' }]);
  expect(scene.logged()).toContain('the outcome of an operator action was not stored');
});

test.each([
  ['call +7 999 000-11-22', true],
  ['8(999)0001122', true],
  ['79990001122 asked', true],
  ['+380 44 123 45 67', true],
  ['ticket TAXI-79990001122-a', false],
  ['since 2026-11-26 00:44:49', false],
  ['see 7b8f6a52-9345-4b0e-84a3-790000000001', false],
  ['7 of 8 days, 14 rides', false],
])('finds a phone number in %j: %s', (text, expected) => {
  expect(holdsPhone(text)).toBe(expected);
});
