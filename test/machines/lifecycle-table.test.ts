// The golden table of requirements section 2, status by event, and the vocabulary it is written in.
import { expect, test } from 'vitest';
import { EventType } from '../../machines/events.ts';
import { statuses, type Status } from '../../machines/status.ts';
import { step } from '../../machines/step.ts';
import { facts, record, welcomeEvent } from './worlds.ts';

const eventTypes = Object.values(EventType);

/** Where each event leads when its guard holds; what is not written here is ignored. */
const golden: Record<Status | 'none', Partial<Record<EventType, Status>>> = {
  none: { ENROLLED: 'created' },
  created: { APPLICATION_WRITTEN: 'requested', MATCHED: 'matched' },
  requested: { MATCHED: 'matched' },
  matched: { MATCHED: 'matched', MATCH_ANNOUNCED: 'initialized' },
  initialized: { MATCHED: 'matched', PROGRESS_ANNOUNCED: 'in_progress' },
  in_progress: { MATCHED: 'matched', RESULT_ANNOUNCED: 'finished' },
  finished: { PROMOCODE_ANNOUNCED: 'succeed', DEADLINE_PASSED: 'failed' },
  succeed: {},
  failed: { PROMOCODE_ANNOUNCED: 'succeed' },
};

const cells = (['none', ...statuses] as const).flatMap((from) => eventTypes.map((event) => ({ from, event, to: golden[from][event] ?? null })));

test.each(cells)('$event in $from leads to $to', ({ from, event, to }) => {
  const needsPromocode = event === EventType.PROMOCODE_ANNOUNCED;
  const stored = from === 'none' ? null : record(from, { mentorPromocode: needsPromocode ? 'CODE' : null });
  const taken = step(stored, welcomeEvent(event, stored), facts());
  if (to === null) {
    expect(taken).toEqual({ outcome: 'ignored', record: stored });
    return;
  }
  expect(taken).toMatchObject({ outcome: 'moved', from: stored?.status ?? null, record: { status: to } });
});

test('pins the statuses and their order', () => {
  expect(statuses).toEqual(['created', 'requested', 'matched', 'initialized', 'in_progress', 'finished', 'succeed', 'failed']);
});

test('pins the event types', () => {
  expect(eventTypes).toEqual([
    'ENROLLED', 'APPLICATION_WRITTEN', 'MATCHED', 'MATCH_ANNOUNCED', 'PROGRESS_ANNOUNCED', 'RESULT_ANNOUNCED', 'PROMOCODE_ANNOUNCED',
    'DEADLINE_PASSED',
  ]);
});
