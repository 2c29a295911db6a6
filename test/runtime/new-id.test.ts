// Ids in the order of time: their form, their order, and that no two are alike.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMatchingId } from '../../machines/ids.ts';
import { timeOrderedId } from '../../runtime/new-id.ts';

const moments = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('ids in the order of time', () => {
  test('are UUIDs of version 7 that hold the moment', () => {
    fc.assert(fc.property(moments, (moment) => {
      const id = timeOrderedId(moment);
      expect(parseMatchingId(id)).toBe(id);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(moment);
    }));
  });

  test('sort as their moments do', () => {
    fc.assert(fc.property(moments, moments, (one, other) => {
      fc.pre(one !== other);
      expect(timeOrderedId(one) < timeOrderedId(other)).toBe(one < other);
    }));
  });

  test('differ within one millisecond', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => timeOrderedId(1_700_000_000_000))).size).toBe(10_000);
  });
});
