// S8: nothing is deleted before its copy is verified.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openScene, dayMs, person, statusOf, storeKinds, type Scene } from '../suites/scene.ts';
import { archivedIds, rowsIn, storedIds } from '../jobs/completed.ts';
import { finishAll, run, writePromocodes } from '../jobs/programme.ts';

const [ira, oleg, pavel] = [person('ira'), person('oleg'), person('pavel')] as const;

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene({ people: [ira, oleg, pavel], store });
  });
  afterEach(() => scene.close());

  /** Ira earned a promocode and Oleg did not, three months and a day ago. */
  async function completeBoth(): Promise<readonly string[]> {
    const ids = await finishAll(scene, [[ira, pavel], [oleg, pavel]]);
    await writePromocodes(scene, 0, [{ entity_id: 'park-1_driver-ira-1', promocode: 'CODE-1' }]);
    await run(scene, 'finish-programme');
    await scene.settleTasks();
    scene.advance(8 * dayMs);
    await run(scene, 'finish-programme');
    expect(await Promise.all(ids.map((id) => statusOf(scene.ctx, id)))).toEqual(['succeed', 'failed']);
    scene.advance(91 * dayMs);
    return ids;
  }

  test('S8: a completed programme leaves the database only into an archive that holds every row of it', async () => {
    const ids = await completeBoth();
    const before = await scene.ctx.retention.bundles(await storedIds(scene));
    await run(scene, 'replicate');
    expect(await run(scene, 'archive')).toMatchObject({ outcome: 'succeeded', counts: { archived: 2 } });
    expect(await storedIds(scene)).toEqual([]);
    expect(await archivedIds(scene)).toEqual(ids.toSorted());
    const transitions = await rowsIn(scene, 'archiveDir', 'status_transitions');
    expect(transitions.map((row) => String(row['id'])).sort()).toEqual(before.flatMap((bundle) => bundle.transitions.map(({ id }) => id)).sort());
    expect((await rowsIn(scene, 'archiveDir', 'results')).map((row) => String(row['matching_id'])).sort()).toEqual(ids.toSorted());
    await run(scene, 'replicate');
    expect((await rowsIn(scene, 'replicaDir', 'matchings')).map((row) => row['deleted'])).toEqual([true, true]);
  });

  test('S8: while the cluster loses what it acknowledged, nothing is deleted', async () => {
    const ids = await completeBoth();
    const { copies } = scene.ctx.yt;
    const forgetful = { ...copies, rowsAt: async (...asked: Parameters<typeof copies.rowsAt>) => (await copies.rowsAt(...asked)).slice(1) };
    const ctx = { ...scene.ctx, yt: { ...scene.ctx.yt, copies: forgetful } };
    for (let times = 0; times < 3; times += 1) {
      expect(await run(scene, 'archive', { ctx })).toMatchObject({ outcome: 'failed', error: expect.stringContaining('copy_unverified') });
      expect(await storedIds(scene)).toEqual(ids.toSorted());
    }
    expect(await run(scene, 'archive')).toMatchObject({ outcome: 'succeeded', counts: { archived: 2 } });
    expect(await archivedIds(scene)).toEqual(ids.toSorted());
  });

  test('S8: an unreachable cluster keeps everything here', async () => {
    const ids = await completeBoth();
    scene.yt.faults.inject({ command: 'write_table', times: 100, effect: { kind: 'error', error: { code: 901, message: 'no' } } });
    expect(await run(scene, 'archive')).toMatchObject({ outcome: 'failed', error: expect.stringContaining('yt_unavailable') });
    expect(await storedIds(scene)).toEqual(ids.toSorted());
  });
});
