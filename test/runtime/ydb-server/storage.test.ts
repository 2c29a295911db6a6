// The sorted structure against a plain array, and versions against every snapshot taken.
import { array, assert, boolean, constant, integer, oneof, option, property, record, string, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { contains, type Keyed, type KeyRange, SortedEntries, wholeRange } from '../../ydb-server/storage/sorted.ts';
import { VersionedMap } from '../../ydb-server/storage/versions.ts';
import { compareRows, compareValues, type Row } from '../../ydb-server/values.ts';

const part = oneof(constant(null), integer({ min: 0, max: 9 }));
const key = tuple(part, part);
const bound = option(record({ parts: oneof(tuple(part), key), inclusive: boolean() }), { nil: null });

function plainScan(keys: readonly Row[], range: KeyRange): Row[] {
  return keys.filter((one) => contains(range, one)).toSorted(compareRows);
}

test('scans any range in key order, both ways, as a sorted array would', () => {
  assert(property(uniqueArray(key, { comparator: (a, b) => compareRows(a, b) === 0, maxLength: 80 }), bound, bound, (keys, low, high) => {
    const entries = new SortedEntries<Keyed>();
    for (const one of keys) entries.insert({ key: one });
    const removed = keys.filter((_, index) => index % 3 === 0);
    for (const one of removed) entries.remove(one);
    const kept = keys.filter((_, index) => index % 3 !== 0);
    const expected = plainScan(kept, { low, high });
    expect([...entries.scan({ low, high })].map((entry) => entry.key)).toEqual(expected);
    expect([...entries.scan({ low, high }, true)].map((entry) => entry.key)).toEqual(expected.toReversed());
  }));
});

test('keeps its order over many blocks', () => {
  const entries = new SortedEntries<Keyed>();
  const count = 5_000;
  for (let index = 0; index < count; index += 1) entries.insert({ key: [(index * 2_654_435_761) % 1_000_003] });
  const keys = [...entries.scan(wholeRange)].map((entry) => entry.key);
  expect(keys).toEqual(keys.toSorted(compareRows));
  expect(entries.size).toBe(count);
  for (const one of keys) expect(entries.find(one)?.key).toBe(one);
});

test('shows every held snapshot its own rows', () => {
  const write = record({ key: integer({ min: 0, max: 5 }), value: option(integer(), { nil: null }) });
  assert(property(array(write, { maxLength: 40 }), integer({ min: 0, max: 40 }), (writes, heldAt) => {
    const map = new VersionedMap();
    const model = new Map<number, number>();
    let held: [number, number][] | null = null;
    for (const [index, { key: name, value }] of writes.entries()) {
      if (index === heldAt) held = [...model].toSorted(([a], [b]) => a - b);
      map.put([name], index + 1, value === null ? null : [name, value], Math.min(index + 1, heldAt));
      map.forget(Math.min(index + 1, heldAt));
      if (value === null) model.delete(name);
      else model.set(name, value);
    }
    const now = [...map.scan(wholeRange, writes.length)].map(({ row }) => row);
    expect(now).toEqual([...model].toSorted(([a], [b]) => a - b));
    if (held !== null) expect([...map.scan(wholeRange, heldAt)].map(({ row }) => row)).toEqual(held);
  }));
});

test('orders text by its UTF-8 bytes, NULL first, numbers of any width by value', () => {
  assert(property(string({ unit: 'binary' }), string({ unit: 'binary' }), (a, b) => {
    expect(Math.sign(compareValues(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }));
  expect([3n, null, 2, -1n].toSorted(compareValues)).toEqual([null, -1n, 2, 3n]);
});
