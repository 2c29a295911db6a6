// Ids in the order of time: their form, their order, and that no two are alike.
import { assert, integer, pre, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMatchingId } from '../../machines/ids.ts';
import { timeOrderedIds } from '../../runtime/new-id.ts';

const moments = integer({ min: 0, max: 2 ** 48 - 1 });

describe('ids in the order of time', () => {
  test('are UUIDs of version 7 that hold the moment', () => {
    assert(property(moments, (moment) => {
      const id = timeOrderedIds(() => moment)();
      expect(parseMatchingId(id)).toBe(id);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(moment);
    }));
  });

  test('sort as their moments do', () => {
    let now = 0;
    const newId = timeOrderedIds(() => now);
    assert(property(moments, moments, (one, other) => {
      pre(one !== other);
      const [first, second] = [one, other].map((moment) => ((now = moment), newId()));
      expect(first! < second!).toBe(one < other);
    }));
  });

  test('differ within one millisecond', () => {
    const newId = timeOrderedIds(() => 1_700_000_000_000);
    expect(new Set(Array.from({ length: 10_000 }, newId)).size).toBe(10_000);
  });
});
