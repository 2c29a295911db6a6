// Who arrives within a turn of the event loop is answered side by side.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turn } from '../../http/turn.ts';

/** Takes two steps, and says so. */
function twoSteps(name: string, taken: string[]): () => void {
  return () => {
    taken.push(`${name}1`);
    void Promise.resolve().then(() => taken.push(`${name}2`));
  };
}

test('nothing begins before all has arrived; then each step is taken by all before the next', async () => {
  const turn = new Turn();
  const taken: string[] = [];
  for (const name of ['a', 'b', 'c']) turn.add(twoSteps(name, taken));
  await Promise.resolve();
  expect(taken).toEqual([]);
  await nextTurn();
  expect(taken).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
});

test('who arrives while others begin waits for the next turn', async () => {
  const turn = new Turn();
  const taken: string[] = [];
  turn.add(() => {
    taken.push('first');
    turn.add(() => void taken.push('later'));
  });
  turn.add(() => void taken.push('second'));
  await nextTurn();
  expect(taken).toEqual(['first', 'second']);
  await nextTurn();
  expect(taken).toEqual(['first', 'second', 'later']);
});

test('a crowd is answered in parts, all within the turn', async () => {
  const turn = new Turn();
  const taken: string[] = [];
  const names = Array.from({ length: 70 }, (_, index) => `${index}-`);
  for (const name of names) turn.add(twoSteps(name, taken));
  await nextTurn();
  const parts = [names.slice(0, 32), names.slice(32, 64), names.slice(64)];
  expect(taken).toEqual(parts.flatMap((part) => ['1', '2'].flatMap((step) => part.map((name) => `${name}${step}`))));
});
