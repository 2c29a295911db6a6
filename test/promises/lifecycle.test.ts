// S3: statuses move only along the table, and there are as many transitions as moves.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LifecycleEvent } from '../../machines/events.ts';
import type { MatchingId } from '../../machines/ids.ts';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { mentor, otherMentor } from '../machines/worlds.ts';
import { dayMs, openScene, person, profileOf, storeKinds, type Scene } from '../suites/scene.ts';

const table: readonly string[] = [
  'null ENROLLED created', 'created APPLICATION_WRITTEN requested', 'created MATCHED matched', 'requested MATCHED matched',
  'matched MATCHED matched', 'initialized MATCHED matched', 'in_progress MATCHED matched', 'matched MATCH_ANNOUNCED initialized',
  'initialized PROGRESS_ANNOUNCED in_progress', 'in_progress RESULT_ANNOUNCED finished', 'finished PROMOCODE_ANNOUNCED succeed',
  'finished DEADLINE_PASSED failed', 'failed PROMOCODE_ANNOUNCED succeed',
];

const epoch = fc.integer({ min: 0, max: 2 });
const anyEvent: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  fc.constant({ type: 'APPLICATION_WRITTEN' } as const),
  fc.record({ type: fc.constant('MATCHED' as const), mentor: fc.constantFrom(mentor, otherMentor), mentorUdid: fc.constant(null), connectedAt: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ type: fc.constantFrom('MATCH_ANNOUNCED', 'PROGRESS_ANNOUNCED', 'RESULT_ANNOUNCED', 'PROMOCODE_ANNOUNCED'), epoch }),
  fc.constant({ type: 'DEADLINE_PASSED' } as const),
);

const figures = { rate_avg_7d: '4.9', rate_avg_14d: '4.9', avg_dp_7d: null, avg_dp_14d: null, sh_7d: null, sh_14d: null, correct_answers: null, passed_test_flg: null };

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene({ store });
  });
  afterEach(async () => {
    await scene.close();
  });

  async function enrolAnybody(name: string): Promise<MatchingId> {
    const somebody = person(name);
    scene.upstreams.world.people.push(somebody);
    const { participation } = await scene.enrol(profileOf(somebody));
    await scene.ctx.store.transact((tx) => tx.mergeResults(participation.matchingId, profileOf(somebody), figures));
    return participation.matchingId;
  }

  test('S3: whatever happens in whatever order, transitions follow the table and number the moves', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyEvent, fc.constantFrom(0, 8 * dayMs)), { maxLength: 25 }), async (happenings) => {
        const matchingId = await enrolAnybody(`someone${(runs += 1)}`);
        let moves = 1;
        for (const [event, pause] of happenings) {
          scene.advance(pause);
          const [taken] = await dispatch(scene.ctx, [{ matchingId, event }], { actor: 'operator' });
          if (taken?.outcome === 'moved') moves += 1;
        }
        const transitions = await scene.ctx.store.transitions(matchingId);
        expect(transitions).toHaveLength(moves);
        for (const { from, event, to } of transitions) expect(table).toContain(`${from} ${event} ${to}`);
        expect(transitions.map(({ from }) => from)).toEqual([null, ...transitions.slice(0, -1).map(({ to }) => to)]);
        expect((await scene.matching(matchingId)).status).toBe(transitions.at(-1)?.to);
      }),
      { numRuns: store === 'sqlite' ? 40 : 10 },
    );
  });

  test('S3: events that race for one matching move it once', async () => {
    const matchingId = await enrolAnybody('racer');
    const other = await scene.second();
    const racing = Array.from({ length: 20 }, (_, index) =>
      dispatch(index % 2 === 0 ? scene.ctx : other, [{ matchingId, event: { type: 'APPLICATION_WRITTEN' } }], { actor: 'operator' }));
    const outcomes = (await Promise.all(racing)).flat();
    expect(outcomes.filter(({ outcome }) => outcome === 'moved')).toHaveLength(1);
    expect(await scene.ctx.store.transitions(matchingId)).toHaveLength(2);
  });
});
