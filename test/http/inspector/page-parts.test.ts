// The parts of the inspector's page that reckon: steps of a history, states of a value, addresses, words for durations.
import { expect, test } from 'vitest';
import type { MatchingDetails } from '../../../http/admin/matching.ts';
import { withStep } from '../../../http/web/inspector/happenings.ts';
import type { StepFrame } from '../../../http/web/inspector/live.ts';
import { parsePlace, placeHash } from '../../../http/web/inspector/route.ts';
import { activeStates, arrowsTaken, valueText } from '../../../http/web/inspector/state-values.ts';
import { contextNow, differences, stepsOf } from '../../../http/web/inspector/steps.ts';
import { durationText, shortDuration } from '../../../http/web/shared/moments.ts';
import { statecharts } from '../../../http/inspector/statechart.ts';

const id = '0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a001';

function task(name: string, queue: 'announce' | 'create_application'): MatchingDetails['tasks'][number] {
  const at = '2026-03-01T00:00:00.000Z';
  return { id: name, queue, matching_id: id, state: 'done', attempt: 1, last_error: null, visible_at: at, created_at: at, updated_at: at };
}

function move(version: number, [from, to]: readonly [string | null, string], event: string, epoch: number): MatchingDetails['transitions'][number] {
  const created = `2026-03-0${version}T00:00:00.000Z`;
  return { id: `t${version}`, created_at: created, from, to, event, actor: 'test', epoch, version, reason: null } as MatchingDetails['transitions'][number];
}

const rematched = {
  matching: {
    id, status: 'initialized', status_since: '2026-03-05T00:00:00.000Z', created_at: '2026-03-01T00:00:00.000Z', updated_at: '2026-03-05T00:00:00.000Z',
    version: 5, epoch: 2, newbie: 'p_n', newbie_udid: null, mentor: 'p_second', mentor_udid: null, matched_at: '2026-03-04T00:00:00.000Z',
    original_connected_dttm: null, mentor_promocode: null, completed_at: null, newbie_last_read_at: null, mentor_last_read_at: null,
  },
  transitions: [
    move(1, [null, 'created'], 'ENROLLED', 0), move(2, ['created', 'requested'], 'APPLICATION_WRITTEN', 0), move(3, ['requested', 'matched'], 'MATCHED', 1),
    move(4, ['matched', 'matched'], 'MATCHED', 2), move(5, ['matched', 'initialized'], 'MATCH_ANNOUNCED', 2),
  ],
  tasks: [task('application:u', 'create_application'), task(`announce:${id}:initialized:1`, 'announce'), task(`announce:${id}:initialized:2`, 'announce')],
  announcements: [{ event_id: 'e', epoch: 2, event: 'MATCH_ANNOUNCED', recipient: 'mentor', accepted_at: '2026-03-05T00:00:00.000Z' }],
  results: null,
  allowed_events: [],
  operator_actions: [],
} satisfies MatchingDetails;

test('a step knows the task that reported it and the tasks it caused, of its own match', () => {
  const steps = stepsOf(rematched);
  expect(steps.map(({ cause }) => cause?.id ?? null)).toEqual([null, 'application:u', null, null, `announce:${id}:initialized:2`]);
  expect(steps.map(({ caused }) => caused.map((one) => one.id))).toEqual([
    ['application:u'], [], [`announce:${id}:initialized:1`], [`announce:${id}:initialized:2`], [],
  ]);
  expect(steps.map(({ sinceMs }) => sinceMs)).toEqual([null, 86_400_000, 86_400_000, 86_400_000, 86_400_000]);
});

test('every step lies on an arrow of the chart', async () => {
  const arrows = (await statecharts()).find((chart) => chart.id === 'matching')?.edges.map((edge) => edge.id);
  for (const { edge } of stepsOf(rematched)) expect(arrows).toContain(edge);
});

test('the context of a step is what was known then: an earlier mentor is told by the number of his match only', () => {
  const [, , first, second] = stepsOf(rematched);
  expect(first?.context).toMatchObject({ status: 'matched', epoch: 1, mentor: 'mentor of match 1', matched_at: '2026-03-03T00:00:00.000Z', announcements_accepted: 0 });
  expect(second?.context).toMatchObject({ mentor: 'p_second', epoch: 2 });
  const changed = differences(first?.context ?? {}, contextNow(rematched)).filter((one) => one.changed).map(({ field }) => field);
  expect(changed).toEqual(['status', 'status_since', 'epoch', 'version', 'mentor', 'matched_at', 'announcements_accepted']);
});

test('a value of parallel regions lights every state it means', () => {
  const value = { collecting: { city: 'byGps', car: 'known', phone: 'asking' } };
  expect(activeStates('application', value)).toEqual([
    'application', 'application.collecting', 'application.collecting.city', 'application.collecting.city.byGps', 'application.collecting.car',
    'application.collecting.car.known', 'application.collecting.phone', 'application.collecting.phone.asking',
  ]);
  expect([valueText(value), valueText('written')]).toEqual(['collecting (city: byGps, car: known, phone: asking)', 'written']);
});

test('the arrows of a step are found, those through a state that only decides too', async () => {
  const edges = (await statecharts()).find((chart) => chart.id === 'application')?.edges ?? [];
  const at = (city: string) => activeStates('application', { collecting: { city, car: 'asking', phone: 'asking' } });
  expect(arrowsTaken(edges, at('locating'), at('byGps'))).toEqual(['application.collecting.city.locating done application.collecting.city.byGps']);
  expect(arrowsTaken(edges, at('locating'), at('findingIp'))).toEqual([
    'application.collecting.city.locating done application.collecting.city.withoutGps', 'application.collecting.city.withoutGps always application.collecting.city.findingIp',
  ]);
  expect(arrowsTaken(edges, at('known'), activeStates('application', 'writing'))).toEqual(['application.collecting done application.writing']);
});

test('a run told of twice grows once', () => {
  const step = (event: string, at: string): StepFrame => ({
    type: '@mentorship.step', topic: 'machine/import', machine: 'import', entity: 'archive', event, value: 'locking', status: 'active', context: {}, started_at: '2026-03-01T00:00:00.000Z', at,
  });
  const later = step('xstate.done.actor.lock', '2026-03-01T00:00:00.010Z');
  const runs = [step('xstate.init', '2026-03-01T00:00:00.000Z'), later, later].reduce(withStep, []);
  expect(runs.map(({ steps }) => steps.length)).toEqual([2]);
});

test.each([
  ['', { machine: 'matching', id: null, step: null }],
  [`#/matching/${id}?step=3`, { machine: 'matching', id, step: 3 }],
  ['#/application', { machine: 'application', id: null, step: null }],
  ['#/toaster/x?step=-1', { machine: 'matching', id: 'x', step: null }],
] as const)('the address %s is a place, and its place that address', (hash, place) => {
  expect(parsePlace(hash)).toEqual(place);
  expect(parsePlace(placeHash(place))).toEqual(place);
});

test.each([[0, '0 s'], [250, '250 ms'], [61_000, '1 min 1 s'], [3 * 86_400_000 + 4 * 3_600_000, '3 d 4 h'], [25 * 86_400_000 + 3_600_000, '25 d']])(
  '%i ms is %s', (ms, words) => expect(durationText(ms)).toBe(words),
);

test('a short duration is one unit', () => {
  expect([0, 59_999, 90_000, 7_200_000].map(shortDuration)).toEqual(['0 s', '59 s', '1 min', '2 h']);
});
