// Whether a transaction whose commit went unanswered took effect. Every writing transaction stores a row under an id of its own. To
// learn its fate, the id is looked up and, where it is missing, taken: the late commit would then fail on it. So the answer is final,
// whatever is still on its way.
import type { YdbClient } from './client.ts';
import { bind, type Part } from './query.ts';

export const markerParts = {
  resolve: {
    name: 'resolve_marker',
    parameters: { ids: { id: 'Utf8' } },
    body: `$resolve_marker_absent = (SELECT r.id AS id
FROM AS_TABLE($ids) AS r LEFT JOIN tx_markers AS t ON t.id = r.id WHERE t.id IS NULL);
SELECT t.committed AS committed FROM AS_TABLE($ids) AS r INNER JOIN tx_markers AS t ON t.id = r.id;
UPSERT INTO tx_markers (id, committed, expire_at)
SELECT id, false AS committed, $now + Interval("P1D") AS expire_at FROM $resolve_marker_absent;`,
    sets: 1,
  },
} as const satisfies Record<string, Part>;

/** Safe to repeat after any failure of its own. */
export function wasCommitted(client: YdbClient, marker: string): Promise<boolean> {
  return client.transaction(async ({ run }) => {
    const { parts } = await run([bind(markerParts.resolve, { ids: [{ id: marker }] })]);
    const [found] = parts[0]?.[0] ?? [];
    return { commit: found === undefined, result: found?.['committed'] === true };
  });
}
