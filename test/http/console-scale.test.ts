// Every read of the console over a hundred thousand matchings. What is asserted is generous, for machines that do other things
// meanwhile; a read that grew with the table would still be found, for it would take seconds.
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { profileKey } from '../../machines/ids.ts';
import { RunningWorld } from '../sandbox/running-world.ts';

const matchings = 100_000;
const budgetMs = 400;
const rounds = 5;

let world: RunningWorld;
let id: string;

beforeAll(async () => {
  world = await RunningWorld.start({ drivers: 1, speed: 1, environment: { JOBS: 'off' } });
  const { store } = world.ctx.config;
  if (store.kind !== 'sqlite') throw new TypeError('the sandbox keeps its rows in SQLite');
  crowd(store.file);
  await world.enrolEach(world.network.people.newbies);
  id = (await world.until('a matching', () => world.matchingOf(world.network.people.newbies[0]!))).id;
}, 120_000);
afterAll(() => world.stop());

function crowd(file: string): void {
  const database = new DatabaseSync(file, { timeout: 30_000 });
  database.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${matchings}),
    staged AS (SELECT n, CASE n % 8 WHEN 0 THEN 'created' WHEN 1 THEN 'requested' WHEN 2 THEN 'matched' WHEN 3 THEN 'initialized'
      WHEN 4 THEN 'in_progress' WHEN 5 THEN 'finished' WHEN 6 THEN 'succeed' ELSE 'failed' END AS status, 1700000000000 + n * 1000 AS at FROM numbers)
    INSERT INTO matchings (uuid, created_at, matched_at, mentor_park_id, mentor_driver_id, newbie_park_id, newbie_driver_id, status, version, updated_at,
      epoch, status_since, completed_at)
    SELECT randomblob(16), at, iif(n % 8 > 1, at, NULL), iif(n % 8 > 1, 'park-m', NULL), iif(n % 8 > 1, 'mentor-' || (n / 3), NULL), 'park-n', 'newbie-' || n,
      status, 1, at, iif(n % 8 > 1, 1, 0), at, iif(n % 8 > 5, at, NULL) FROM staged;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${matchings / 5})
    INSERT INTO tasks (id, queue, matching_id, payload, state, attempt, fence, visible_at_ms, last_error, created_at_ms, updated_at_ms)
    SELECT 'task-' || n, 'announce', '00000000-0000-4000-8000-000000000000', '{}', 'dead', 5, 5, n, 'upstream_refused: a test', n, n FROM numbers;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${matchings / 5})
    INSERT INTO import_rejects (id, source, reason, detail, first_seen_at)
    SELECT 'reject-' || n, 'import-matchings', iif(n % 2, 'bad_date', 'unknown_newbie'), 'connected_dttm', n FROM numbers;`);
  database.close();
}

async function medianMs(path: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    const response = await fetch(world.adminUrl + path);
    await response.arrayBuffer();
    expect(response.status, path).toBe(200);
    times.push(performance.now() - startedMs);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}

test('no read of the console grows with the number of matchings', async () => {
  const page = (await (await fetch(`${world.adminUrl}/admin/v1/matchings?limit=200`)).json()) as { next_cursor: string };
  const { profiles: [own] } = world.network.people.newbies[0]!;
  const reads = [
    '/', '/inspector', '/admin/v1/funnel', '/admin/v1/heat', '/admin/v1/health', '/admin/v1/jobs', '/admin/v1/jobs/runs', '/admin/v1/operator-actions',
    '/admin/v1/matchings?limit=200', `/admin/v1/matchings?limit=200&cursor=${page.next_cursor}`, '/admin/v1/matchings?status=finished&stuck=1d',
    '/admin/v1/matchings?stuck=14d', '/admin/v1/matchings?driver=newbie-4711', '/admin/v1/matchings?driver=park-m_mentor-1234&role=mentor',
    `/admin/v1/matchings?driver=${profileKey(own)}&person=true`, `/admin/v1/matchings/${id}`, `/admin/v1/matchings/${id}/preview?side=newbie&locale=en`,
    '/admin/v1/tasks?state=dead&limit=200', '/admin/v1/rejects?limit=200', '/admin/v1/rejects?reason=bad_date',
  ];
  const slow: string[] = [];
  for (const path of reads) {
    const ms = await medianMs(path);
    if (process.env['TIMINGS'] !== undefined) console.log(`${ms.toFixed(1).padStart(7)} ms  ${path}`);
    if (ms > budgetMs) slow.push(`${path}: ${Math.round(ms)} ms`);
  }
  expect(slow).toEqual([]);
  expect(await (await fetch(`${world.adminUrl}/admin/v1/funnel`)).json()).toMatchObject({ failed: { present: matchings / 8 } });
}, 60_000);
