// The packed index of newest rows answers as a plain map would, however many keys it takes.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNewestRows } from '../../jobs/newest-rows.ts';
import type { ProfileKey } from '../../machines/ids.ts';

const key = (name: number): ProfileKey => `park_${name}` as ProfileKey;

test('knows the newest row of each key, and the later one of equal dates', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 4 })), { maxLength: 200 }), (rows) => {
    const newest = createNewestRows();
    const plain = new Map<number, { connectedAt: number; index: number; hasOlder: boolean }>();
    for (const [index, [name, connectedAt]] of rows.entries()) {
      newest.note(key(name), connectedAt, index);
      const present = plain.get(name);
      if (present === undefined) plain.set(name, { connectedAt, index, hasOlder: false });
      else plain.set(name, present.connectedAt > connectedAt ? { ...present, hasOlder: true } : { connectedAt, index, hasOlder: true });
    }
    expect(newest.size).toBe(plain.size);
    for (let name = 0; name <= 30; name += 1) expect(newest.of(key(name))).toEqual(plain.get(name) ?? null);
  }));
});

test('grows and forgets nothing', () => {
  const newest = createNewestRows();
  for (let index = 0; index < 10_000; index += 1) newest.note(key(index), index, index);
  expect(newest.size).toBe(10_000);
  for (const index of [0, 1, 4_999, 9_999]) expect(newest.of(key(index))).toEqual({ connectedAt: index, index, hasOlder: false });
  expect(newest.of(key(10_000))).toBeNull();
});
