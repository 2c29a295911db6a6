// S6: replaying any import any number of times, in any order, gives the same database, and tells nobody anything again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  connection, dumpOfData, figuresRow, finishAll, fortnight, run, writeDistribution, writePromocodes, writeResults,
} from '../jobs/programme.ts';
import { openScene, person, profileOf, statusOf, storeKinds, type Scene } from '../suites/scene.ts';

const [ira, oleg, pavel, rita] = [person('ira', 2), person('oleg'), person('pavel', 2), person('rita')] as const;
const jobs = ['import-matchings', 'import-results', 'finish-programme'];
const hourMs = 3_600_000;

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene({ people: [ira, oleg, pavel, rita], store });
  });
  afterEach(() => scene.close());

  async function importAll(names: readonly string[]): Promise<void> {
    for (const name of names) {
      expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
      await scene.settleTasks();
    }
  }

  test('S6: ten replays and shuffles of every import leave every row as it was', async () => {
    const ids = await finishAll(scene, [[ira, pavel], [oleg, rita]]);
    const codes = [{ entity_id: 'park-1_driver-ira-1', promocode: 'CODE-1' }, { entity_id: 'nobody', promocode: 'CODE-2' }];
    await writePromocodes(scene, 0, codes);
    const matches = [
      await connection(scene, profileOf(ira, 1), profileOf(pavel), -200 * 24 * hourMs), { newbie_park_id: 1 },
      await connection(scene, profileOf(rita), profileOf(pavel), -hourMs),
    ];
    const figures = [figuresRow(ira.udid, fortnight), figuresRow(oleg.udid, fortnight), { udid: 7 }];
    await writeDistribution(scene, matches);
    await writeResults(scene, figures);
    await importAll(jobs);
    const [before, told] = [await dumpOfData(scene.ctx), scene.upstreams.calls.clientEvents.length];
    for (let replay = 0; replay < 10; replay += 1) {
      const turn = <Row>(rows: readonly Row[]): Row[] => [...rows.slice(replay % rows.length), ...rows.slice(0, replay % rows.length)];
      await writeDistribution(scene, turn(matches));
      await writeResults(scene, turn(figures));
      await writePromocodes(scene, 0, turn(codes));
      await importAll(turn(jobs));
    }
    expect(await dumpOfData(scene.ctx)).toEqual(before);
    expect(scene.upstreams.calls.clientEvents).toHaveLength(told);
    expect(await Promise.all(ids.map((id) => statusOf(scene.ctx, id)))).toEqual(['succeed', 'finished']);
  });
});
