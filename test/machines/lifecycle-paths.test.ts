// Every path of the lifecycle machine, generated from its graph, walked through step(): the way the runtime will go.
import { createMachine } from 'xstate';
import { getSimplePaths } from 'xstate/graph';
import { expect, test } from 'vitest';
import { diagramOf } from '../../machines/diagram.ts';
import { EventType } from '../../machines/events.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { matchingMachine } from '../../machines/matching.ts';
import { step } from '../../machines/step.ts';
import { dayMs, facts, start, welcomeEvent } from './worlds.ts';

const { nodes, edges } = diagramOf(matchingMachine);
const name = (id: string) => id.replace('matching.', '');

// The same graph with every guard open: the structure alone decides which paths exist.
const open = createMachine({
  id: 'open',
  initial: 'absent',
  states: Object.fromEntries(
    nodes.filter((node) => node.parent !== null).map((node) => [
      node.label,
      { on: Object.fromEntries(edges.filter((edge) => edge.source === node.id).map((edge) => [edge.event, name(edge.target)])) },
    ]),
  ),
});
const paths = getSimplePaths(open, { events: Object.values(EventType).map((type) => ({ type })) });
const simple = paths.map((path) => path.steps.map((taken) => taken.event.type as EventType).filter((type) => type in EventType));

// A rematch returns to a status already seen, which no simple path does: each stay of a match is crossed with each way on.
const afterMatch = simple.filter((walk) => walk.includes('MATCHED')).map((walk) => walk.slice(walk.indexOf('MATCHED') + 1));
const rematchable = simple.filter((walk) => ['matched', 'initialized', 'in_progress'].includes(endOf(walk)));
const rematches = rematchable.flatMap((walk) => afterMatch.map((rest) => [...walk, 'MATCHED' as const, ...rest]));
const walks = [...new Map([...simple, ...rematches].map((walk) => [walk.join(' > '), walk])).values()];

test('there are paths to every status', () => {
  expect(new Set(paths.map((path) => JSON.stringify(path.state.value))).size).toBe(nodes.length - 1);
  expect(walks.length).toBeGreaterThan(15);
});

test.each(walks.filter((walk) => walk.length > 0).map((walk) => [walk.join(' > '), walk] as const))('walks %s', (_name, walk) => {
  let stored: MatchingRecord | null = null;
  let now = start;
  for (const type of walk) {
    now += 40 * dayMs;
    if (stored !== null && type === EventType.PROMOCODE_ANNOUNCED) stored = { ...stored, mentorPromocode: 'CODE' };
    const before: MatchingRecord | null = stored;
    const taken = step(before, welcomeEvent(type, before), facts({ now }));
    expect(taken.outcome).toBe('moved');
    if (taken.outcome !== 'moved') return;
    const edge = edges.find(({ source, event }) => name(source) === (before?.status ?? 'absent') && event === type);
    expect(taken.record.status).toBe(name(edge!.target));
    expect(taken.record.version).toBe((before?.version ?? 0) + 1);
    stored = taken.record;
  }
});

test('together the paths take every edge', () => {
  const taken = new Set(walks.flatMap((walk) => walk.map((type, index) => `${endOf(walk.slice(0, index))} ${type}`)));
  const all = new Set(edges.map((edge) => `${name(edge.source)} ${edge.event}`));
  expect([...all].filter((edge) => !taken.has(edge))).toEqual([]);
});

function endOf(walk: readonly EventType[]): string {
  return walk.reduce((state, event) => name(edges.find((edge) => name(edge.source) === state && edge.event === event)!.target), 'absent');
}
