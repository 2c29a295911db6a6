// S4, S5 and S8: no personal data at rest, a contact is seen by its two participants only, nothing is deleted without its copy.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MatchingId, Profile } from '../../machines/ids.ts';
import { statuses, type Status } from '../../machines/status.ts';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { createDriverDeps } from '../../runtime/mentorship/driver-deps.ts';
import { contacts, messages } from '../../runtime/mentorship/view.ts';
import { dayMs, openScene, person, profileOf, storeKinds, type Scene } from '../suites/scene.ts';

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  const nina = person('nina', 2, { position: { lat: 55.123_456, lon: 37.654_321 } });
  const ivan = person('ivan', 2, { position: null, ip: '192.0.2.77' });
  const stranger = person('stranger');

  beforeEach(async () => {
    scene = await openScene({ people: [nina, ivan, stranger], store });
  });
  afterEach(() => scene.close());

  const figures = {
    rate_avg_7d: '4.9', rate_avg_14d: '4.8', avg_dp_7d: '90', avg_dp_14d: '91', sh_7d: '30', sh_14d: '62', correct_answers: '9', passed_test_flg: '1',
  };

  /** Takes nina, mentored by ivan, as far as `status`. */
  async function bringTo(status: Status): Promise<MatchingId> {
    const { participation: { matchingId } } = await scene.enrol(profileOf(nina));
    const send = (event: Parameters<typeof dispatch>[1][number]['event']) => dispatch(scene.ctx, [{ matchingId, event }], { actor: 'test' });
    const ways: Record<Exclude<Status, 'created'>, () => Promise<unknown>> = {
      requested: () => send({ type: 'APPLICATION_WRITTEN' }),
      matched: () => send({ type: 'MATCHED', mentor: profileOf(ivan), mentorUdid: null, connectedAt: 1 }),
      initialized: () => send({ type: 'MATCH_ANNOUNCED', epoch: 1 }),
      in_progress: async () => {
        await scene.ctx.store.transact((tx) => tx.mergeResults(matchingId, profileOf(nina), figures));
        scene.advance(14 * dayMs);
        await send({ type: 'PROGRESS_ANNOUNCED', epoch: 1 });
      },
      finished: () => send({ type: 'RESULT_ANNOUNCED', epoch: 1 }),
      succeed: async () => {
        await scene.ctx.store.transact(async (tx) => {
          const [row] = await tx.matchings([matchingId]);
          await tx.updateMatching({ ...row!, mentorPromocode: 'PROMO-1', version: row!.version + 1 }, row!);
        });
        await send({ type: 'PROMOCODE_ANNOUNCED', epoch: 1 });
      },
      failed: async () => {
        scene.advance(8 * dayMs);
        await send({ type: 'DEADLINE_PASSED' });
      },
    };
    const order = statuses.filter((one) => one !== 'created').filter((one) => one !== (status === 'failed' ? 'succeed' : 'failed'));
    for (const one of order.slice(0, order.findIndex((reached) => reached === status) + 1)) await ways[one]();
    expect((await scene.matching(matchingId)).status).toBe(status);
    return matchingId;
  }

  function everythingKept(): string {
    return `${scene.kept()}\n${scene.logged()}`;
  }

  function secretsOf(...people: readonly (typeof nina)[]): string[] {
    const texts = people.flatMap(({ phone, fullName, position, ip }) => [
      phone, phone.slice(1), fullName.last, fullName.first, ip ?? '', position === null ? '' : String(position.lat), position === null ? '' : String(position.lon),
    ]);
    // Files are read byte by byte, so a name would stand there as the bytes of its UTF-8 form.
    return texts.filter((text) => text !== '').flatMap((text) => [text, Buffer.from(text).toString('latin1')]);
  }

  test('S4: after a whole way through the programme no phone, name, place or address is in the database, the logs or the metrics', async () => {
    scene.upstreams.faults.fleetRent.set({ kind: 'status', status: 503, times: 2 });
    scene.upstreams.faults.personal.set({ kind: 'malformed_json', times: 1 });
    await scene.enrol(profileOf(nina));
    await scene.enrol(profileOf(ivan));
    await scene.settleTasks();
    const deps = createDriverDeps(scene.ctx);
    await contacts(deps, { caller: profileOf(nina), role: null, limit: 10, cursor: null, locale: 'ru' });
    const kept = everythingKept() + (await scene.ctx.metrics.registry.metrics());
    expect(kept).toContain('driver-nina-1');
    expect(secretsOf(nina, ivan).filter((secret) => kept.includes(secret))).toEqual([]);
  });

  test('S4: the search above would find a leak', async () => {
    scene.ctx.log.info({ note: `call ${nina.phone}` }, 'planted');
    expect(secretsOf(nina).filter((secret) => everythingKept().includes(secret)).length).toBeGreaterThan(0);
  });

  // Spelled out here on purpose: the promise, not the constant the code reads.
  const shown: readonly Status[] = ['initialized', 'in_progress', 'finished', 'succeed'];

  test.each(statuses)('S5: a contact in %s is shown to its two participants, through any of their profiles, or to nobody', async (status) => {
    const matchingId = await bringTo(status);
    const deps = createDriverDeps(scene.ctx);
    const sees = async (caller: Profile): Promise<boolean> => {
      const list = await contacts(deps, { caller, role: null, limit: 10, cursor: null, locale: 'ru' });
      const dialog = await messages(deps, { caller, matchingId, locale: 'ru' });
      expect(list.contacts.length === 1).toBe(dialog !== null);
      return dialog !== null;
    };
    for (const participant of [profileOf(nina), profileOf(nina, 1), profileOf(ivan), profileOf(ivan, 1)]) {
      expect(await sees(participant)).toBe(shown.includes(status));
    }
    expect(await sees(profileOf(stranger))).toBe(false);
  });

  test('S8: a year after the end everything is still there, and figures leave their table only for the history', async () => {
    const matchingId = await bringTo('in_progress');
    const moves = await scene.ctx.store.transitions(matchingId);
    await dispatch(scene.ctx, [{ matchingId, event: { type: 'MATCHED', mentor: profileOf(stranger), mentorUdid: null, connectedAt: 2 } }], { actor: 'test' });
    scene.advance(365 * dayMs);
    await scene.settleTasks();
    expect(await scene.ctx.store.results([matchingId])).toEqual([]);
    const history = scene.rowsOf('results_history').map((row) => ({ ...row, epoch: Number(row['epoch']) }));
    expect(history).toMatchObject([{ ...figures, epoch: 1 }]);
    expect((await scene.ctx.store.transitions(matchingId)).slice(0, moves.length)).toEqual(moves);
  });
});
