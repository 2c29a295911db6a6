// Guards, assignments and effects of single steps.
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { EventType, looksAtFigures, type LifecycleEvent } from '../../machines/events.ts';
import { dueAnnouncement } from '../../machines/due.ts';
import { statuses } from '../../machines/status.ts';
import { allowedEvents, step, type Step } from '../../machines/step.ts';
import { dayMs, facts, matched, mentor, newbie, otherMentor, profile, record, start, welcomeEvent } from './worlds.ts';

function expectMoved(taken: Step): Extract<Step, { outcome: 'moved' }> {
  if (taken.outcome !== 'moved') throw new Error(`expected a move, got ${taken.outcome}`);
  return taken;
}

test('an enrolment makes version 1 and asks for the application', () => {
  const taken = expectMoved(step(null, welcomeEvent('ENROLLED', null), facts({ now: start })));
  expect(taken.record).toMatchObject({ version: 1, status: 'created', createdAt: start, updatedAt: start, statusSince: start, epoch: 0, newbie });
  expect(taken.effects).toEqual([{ type: 'create_application' }]);
});

test('an event that is said not to look at figures comes to the same with and without them', () => {
  const without = facts({ hasProgress7d: false, hasProgress14d: false });
  const differs = Object.values(EventType).filter((type) => [null, ...statuses.map((status) => record(status))].some((stored) => {
    const event = welcomeEvent(type, stored);
    return !isDeepStrictEqual(step(stored, event, facts()), step(stored, event, without));
  }));
  expect(differs).toEqual(Object.values(EventType).filter(looksAtFigures));
});

test('every move raises the version by one and restarts the stay', () => {
  const stored = record('created', { version: 7 });
  const taken = expectMoved(step(stored, { type: 'APPLICATION_WRITTEN' }, facts({ now: start + 5 })));
  expect(taken.record).toEqual({ ...stored, status: 'requested', version: 8, updatedAt: start + 5, statusSince: start + 5 });
});

test('a first match sets the mentor, starts the clocks and asks for its announcement', () => {
  const taken = expectMoved(step(record('requested'), matched({ connectedAt: start }), facts({ now: start + 9 })));
  expect(taken.record).toMatchObject({ epoch: 1, mentor: otherMentor, matchedAt: start + 9, originalConnectedAt: start });
  expect(taken.effects).toEqual([{ type: 'announce', event: 'MATCH_ANNOUNCED', epoch: 1 }]);
});

test('a rematch resets read marks, retires the results and opens a new epoch', () => {
  const stored = record('in_progress', { newbieLastReadAt: start, mentorLastReadAt: start });
  const taken = expectMoved(step(stored, matched(), facts()));
  expect(taken.record).toMatchObject({ status: 'matched', epoch: 2, mentor: otherMentor, newbieLastReadAt: null, mentorLastReadAt: null });
  expect(taken.effects).toEqual([
    { type: 'retire_results', epoch: 1 },
    { type: 'announce', event: 'MATCH_ANNOUNCED', epoch: 2 },
  ]);
});

test('keeps the mentor when the same row arrives twice', () => {
  const stored = record('initialized');
  const again = matched({ mentor, connectedAt: stored.originalConnectedAt! });
  expect(step(stored, again, facts())).toEqual({ outcome: 'ignored', record: stored });
});

test('ignores another mentor of the same age: equal is a replay', () => {
  const stored = record('initialized');
  expect(step(stored, matched({ connectedAt: stored.originalConnectedAt! }), facts()).outcome).toBe('ignored');
});

test('a newer row with the same mentor moves only the date', () => {
  const stored = record('initialized');
  const taken = step(stored, matched({ mentor, connectedAt: start + 1 }), facts({ now: start + 2 }));
  expect(taken).toEqual({
    outcome: 'ignored',
    record: { ...stored, originalConnectedAt: start + 1, version: stored.version + 1, updatedAt: start + 2 },
  });
});

test('a newer row with another profile of the same mentor is not a rematch', () => {
  const stored = record('initialized');
  const event: LifecycleEvent = { type: 'MATCHED', mentor: profile('park9', 'mentor9'), mentorUdid: stored.mentorUdid, connectedAt: start + 1 };
  expect(step(stored, event, facts()).outcome).toBe('ignored');
});

test('nobody mentors himself', () => {
  const stored = record('requested');
  expect(step(stored, matched({ mentor: newbie }), facts())).toEqual({ outcome: 'ignored', record: stored });
});

test.each(['MATCH_ANNOUNCED', 'PROGRESS_ANNOUNCED', 'RESULT_ANNOUNCED', 'PROMOCODE_ANNOUNCED'] as const)(
  'a late %s of the previous match is ignored',
  (type) => {
    const from = { MATCH_ANNOUNCED: 'matched', PROGRESS_ANNOUNCED: 'initialized', RESULT_ANNOUNCED: 'in_progress', PROMOCODE_ANNOUNCED: 'finished' } as const;
    const stored = record(from[type], { epoch: 2, mentorPromocode: 'CODE' });
    expect(step(stored, { type, epoch: 1 }, facts()).outcome).toBe('ignored');
    expect(step(stored, { type, epoch: 2 }, facts()).outcome).toBe('moved');
  },
);

test.each([
  ['initialized', 'PROGRESS_ANNOUNCED', 7 * dayMs],
  ['in_progress', 'RESULT_ANNOUNCED', 14 * dayMs],
] as const)('%s is left by %s at its age exactly, not a millisecond before', (status, type, age) => {
  const stored = record(status);
  expect(step(stored, { type, epoch: 1 }, facts({ now: start + age - 1 })).outcome).toBe('ignored');
  expect(step(stored, { type, epoch: 1 }, facts({ now: start + age })).outcome).toBe('moved');
});

test('progress is not announced without its figures', () => {
  expect(step(record('initialized'), { type: 'PROGRESS_ANNOUNCED', epoch: 1 }, facts({ hasProgress7d: false })).outcome).toBe('ignored');
  expect(step(record('in_progress'), { type: 'RESULT_ANNOUNCED', epoch: 1 }, facts({ hasProgress14d: false })).outcome).toBe('ignored');
});

test('the deadline spares who has a promocode, who is in grace, and day 14 itself', () => {
  const event = { type: 'DEADLINE_PASSED' } as const;
  const since = start + 14 * dayMs;
  expect(step(record('finished', { statusSince: since, mentorPromocode: 'CODE' }), event, facts()).outcome).toBe('ignored');
  expect(step(record('finished', { statusSince: since }), event, facts({ now: since + 7 * dayMs - 1 })).outcome).toBe('ignored');
  const failed = expectMoved(step(record('finished', { statusSince: since }), event, facts({ now: since + 7 * dayMs })));
  expect(failed.record).toMatchObject({ status: 'failed', completedAt: since + 7 * dayMs });
});

test('the literal policy fails right after day 14', () => {
  const policy = { ...facts().policy, failGraceMs: 0 };
  const stored = record('finished', { statusSince: start + 14 * dayMs });
  const event = { type: 'DEADLINE_PASSED' } as const;
  expect(step(stored, event, facts({ policy, now: start + 14 * dayMs })).outcome).toBe('ignored');
  expect(step(stored, event, facts({ policy, now: start + 14 * dayMs + 1 })).outcome).toBe('moved');
});

test('a late promocode reopens a failed matching only where the policy says so', () => {
  const stored = record('failed', { mentorPromocode: 'CODE' });
  const event = { type: 'PROMOCODE_ANNOUNCED', epoch: 1 } as const;
  expect(expectMoved(step(stored, event, facts())).record).toMatchObject({ status: 'succeed', completedAt: facts().now });
  const policy = { ...facts().policy, latePromocodeReopens: false };
  expect(step(stored, event, facts({ policy })).outcome).toBe('ignored');
});

test.each(['xstate.init', 'xstate.route', 'xstate.done.actor.x', 'NOT_AN_EVENT', 'toString'])('refuses %s at the door', (type) => {
  const forged = { type } as unknown as LifecycleEvent;
  expect(step(record('created'), forged, facts())).toEqual({ outcome: 'rejected', reason: 'unknown_event' });
});

test('two records in turn share nothing', () => {
  const first = expectMoved(step(record('requested'), matched(), facts()));
  expect(step(record('succeed'), matched(), facts())).toMatchObject({ outcome: 'ignored' });
  expect(expectMoved(step(record('requested'), matched(), facts())).effects).toEqual(first.effects);
});

test('names the events each status takes', () => {
  expect(allowedEvents(record('finished')).sort()).toEqual(['DEADLINE_PASSED', 'PROMOCODE_ANNOUNCED']);
  expect(allowedEvents(record('succeed'))).toEqual([]);
});

test('nothing is due before its age, the progress at day 7, the result at day 14', () => {
  expect(dueAnnouncement(record('matched'), facts())).toEqual(['MATCH_ANNOUNCED']);
  expect(dueAnnouncement(record('initialized'), facts({ now: start + 7 * dayMs - 1 }))).toEqual([]);
  expect(dueAnnouncement(record('initialized'), facts({ now: start + 7 * dayMs, hasProgress14d: false }))).toEqual(['PROGRESS_ANNOUNCED']);
  expect(dueAnnouncement(record('in_progress'), facts())).toEqual(['RESULT_ANNOUNCED']);
  expect(dueAnnouncement(record('finished'), facts())).toEqual([]);
  expect(dueAnnouncement(record('finished', { mentorPromocode: 'CODE' }), facts())).toEqual(['PROMOCODE_ANNOUNCED']);
});

test('figures that came late make both moves in order under one announcement', () => {
  expect(dueAnnouncement(record('initialized'), facts())).toEqual(['PROGRESS_ANNOUNCED', 'RESULT_ANNOUNCED']);
});
