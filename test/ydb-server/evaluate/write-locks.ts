// What a write reads before it writes: the old row where an index must follow, other rows where an index is unique.
import type { Table } from '../storage/table.ts';
import { compareRows, type Row } from '../values.ts';
import type { Env } from './scope.ts';

/** A blind write leaves no lock; one that changes an indexed or covered column must know the row before. */
export function readsBeforeWrite(table: Table, changed: readonly number[] | null): boolean {
  return table.indexes.some(
    ({ key, cover }) => changed === null || changed.some(
      (place) => !table.key.includes(place) && (key.includes(place) || cover.includes(place)),
    ),
  );
}

/** NULL in any column of the index makes no conflict. */
export function isUniqueViolated(table: Table, key: Row, env: Env): boolean {
  const unique = table.indexes.filter((index) => index.unique);
  const row = unique.length === 0 ? null : env.tx.get(table, key);
  if (row === null) return false;
  return unique.some((index) => {
    const parts = index.key.slice(0, index.ownKeyLength).map((place) => row[place] ?? null);
    if (parts.includes(null)) return false;
    const bound = { parts, inclusive: true };
    const holders = env.tx.scanIndex(table, index, { low: bound, high: bound }, { reverse: false, covered: true });
    return [...holders].some((other) => compareRows(table.key.map((place) => other[place] ?? null), key) !== 0);
  });
}
