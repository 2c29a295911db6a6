// A breath of `npm run chaos`, so that it works when it is needed; and the verdict, which must not be blind.
import { expect, test } from 'vitest';
import { parseMatchingId, type MatchingId } from '../../machines/ids.ts';
import type { TransitionRecord } from '../../runtime/store.ts';
import { people } from '../sandbox/seed.ts';
import { dialogOf } from '../suites/dialogs.ts';
import { passes } from './crm.ts';
import type { Testimony } from './promises.ts';
import { runChaos } from './run.ts';
import { judge, type Evidence } from './verdict.ts';

test('a few kills lose nothing', async () => {
  const said: string[] = [];
  const report = await runChaos({ kills: 3, store: 'sqlite', seed: 7, say: (line) => void said.push(line) });
  expect({ ...report, said }).toMatchObject({ kills: expect.any(Number), lost: [], duplicates: [], violations: [] });
  expect(report.kills).toBeGreaterThanOrEqual(3);
  expect(report.acknowledged).toBeGreaterThan(5);
}, 180_000);

/** Somebody whom the CRM lets pass. */
const person = people(20).newbies.find(({ udid }) => passes(udid));
const other = parseMatchingId('7f2c1b52-64a1-4d9c-8a55-000000000099')!;

const eventOf: Readonly<Record<string, TransitionRecord['event']>> = {
  created: 'ENROLLED', requested: 'APPLICATION_WRITTEN', matched: 'MATCHED', initialized: 'MATCH_ANNOUNCED',
  in_progress: 'PROGRESS_ANNOUNCED', finished: 'RESULT_ANNOUNCED', succeed: 'PROMOCODE_ANNOUNCED',
};

/** One newbie who succeeded, as his moves tell it, and everything in its place. */
function scene(): { testimony: Testimony; evidence: Evidence & { events: { id: string; payload: never; duplicates: number }[] } } {
  const { matching: sample, transitions } = dialogOf('succeed');
  const matching = { ...sample, newbieUdid: person!.udid };
  const moves = transitions.map((move, index): TransitionRecord => ({ ...move, event: eventOf[move.to]!, from: transitions[index - 1]?.to ?? null }));
  const ids = ['initialized:1:mentor', 'initialized:1:newbie', 'in_progress:1:mentor', 'finished:1:mentor', 'succeed:1:mentor'];
  return {
    testimony: { person: person!, enrolments: [{ matchingId: matching.id, degraded: false }], seen: [], readMarks: [], forgotten: 0 },
    evidence: {
      store: { matchingsOfNewbies: async () => [matching], transitions: async () => moves },
      applications: [{ newbie_key: person!.udid, matching_id: matching.id, newbie_park_id: 'p', newbie_driver_id: 'd' }],
      events: ids.map((id) => ({ id: `${matching.id}:${id}`, payload: undefined as never, duplicates: 0 })),
    },
  };
}

type Spoil = (it: ReturnType<typeof scene>) => Partial<Evidence> | void;

test.each<[string, 'lost' | 'duplicates' | 'violations' | null, Spoil]>([
  ['everything in its place', null, () => {}],
  ['a lost enrolment', 'lost', () => ({ store: { matchingsOfNewbies: async () => [], transitions: async () => [] }, applications: [], events: [] })],
  ['another matching than was promised', 'lost', ({ testimony }) => void testimony.enrolments.push({ matchingId: other, degraded: false })],
  ['a status that went back', 'violations', ({ testimony }) => void testimony.seen.push(...(['finished', 'requested'] as const).map((status) => ({ matchingId: testimony.enrolments[0]!.matchingId, status })))],
  ['a lost read mark', 'lost', ({ testimony }) => void testimony.readMarks.push({ matchingId: testimony.enrolments[0]!.matchingId, askedAtMs: 9e15 })],
  ['a lost application', 'lost', () => ({ applications: [] })],
  ['two applications', 'duplicates', ({ evidence }) => ({ applications: [...evidence.applications, ...evidence.applications] })],
  ['an announcement that was never accepted', 'lost', ({ evidence }) => ({ events: evidence.events.slice(1) })],
  ['an announcement of what never came to be', 'violations', ({ evidence, testimony }) => ({
    events: [...evidence.events, { id: `${testimony.enrolments[0]!.matchingId satisfies MatchingId}:failed:1:mentor`, payload: undefined as never, duplicates: 0 }],
  })],
])('the verdict on %s', async (_what, kind, spoil) => {
  const it = scene();
  const evidence = { ...it.evidence, ...spoil(it) };
  const verdict = await judge({ testimonies: [it.testimony], operatorEvents: [] }, evidence);
  const found = (['lost', 'duplicates', 'violations'] as const).filter((one) => verdict[one].length > 0);
  if (kind === null) expect(verdict).toEqual({ lost: [], duplicates: [], violations: [] });
  else expect(found).toContain(kind);
});
