// What watchers of the inspector are sent: history first, then what happens, on whatever host; in the official protocol and in our own.
import { createWebSocketReceiver } from '@statelyai/inspect';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MatchingId } from '../../../machines/ids.ts';
import { dispatch } from '../../../runtime/mentorship/dispatch.ts';
import { openScene, person, profileOf, storeKinds, type Scene } from '../../suites/scene.ts';
import { connect, listenAdmin, ofType, type Frame } from './listening.ts';

const snapshot = z.object({
  status: z.enum(['active', 'done', 'error', 'stopped']),
  value: z.union([z.string(), z.record(z.string(), z.unknown())]),
  context: z.record(z.string(), z.unknown()),
  children: z.object({}),
  historyValue: z.object({}),
  tags: z.array(z.string()),
});
const common = {
  _version: z.literal('0.7.2'), createdAt: z.string().regex(/^\d{13}$/), id: z.null(), rootId: z.string(), sessionId: z.string(),
};
const definition = z.string().transform((text) => z.object({ id: z.string(), initial: z.string(), states: z.record(z.string(), z.object({})) }).parse(JSON.parse(text)));
const officialFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('@xstate.actor'), ...common, name: z.string(), definition, snapshot }),
  z.strictObject({ type: z.literal('@xstate.event'), ...common, event: z.object({ type: z.string() }) }),
  z.strictObject({ type: z.literal('@xstate.snapshot'), ...common, event: z.object({ type: z.string() }), snapshot }),
]);

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  const nina = person('nina', 1, { position: { lat: 55.123_456, lon: 37.654_321 }, ip: '192.0.2.77' });
  const ivan = person('ivan');

  beforeEach(async () => {
    scene = await openScene({ people: [nina, ivan], store });
  });
  afterEach(() => scene.close());

  async function enrolled(): Promise<MatchingId> {
    return (await scene.enrol(profileOf(nina))).participation.matchingId;
  }

  function match(id: MatchingId, ctx = scene.ctx) {
    const event = { type: 'MATCHED', mentor: profileOf(ivan), mentorUdid: null, connectedAt: 1 } as const;
    return dispatch(ctx, [{ matchingId: id, event }], { actor: 'job:import-matchings' });
  }

  test('the official receiver is told of an actor, its history and every live move', async () => {
    const id = await enrolled();
    const { url } = await listenAdmin(scene.ctx);
    const received: Frame[] = [];
    const arrived = Promise.withResolvers<void>();
    const receiver = createWebSocketReceiver({ server: url(`?topic=entity/${id}&frames=official`) });
    receiver.subscribe((frame) => {
      received.push(frame as unknown as Frame);
      if (received.filter(ofType('@xstate.snapshot')).length === 2) arrived.resolve();
      if (frame.type === '@xstate.snapshot' && received.filter(ofType('@xstate.snapshot')).length === 1) void match(id);
    });
    await arrived.promise;
    const own = received.filter(({ type }) => type.startsWith('@mentorship.'));
    expect(own.every((frame) => !('_version' in frame))).toBe(true);
    const frames = received.filter(({ type }) => type.startsWith('@xstate.')).map((frame) => officialFrame.parse(frame));
    expect(frames.map(({ type }) => type)).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot', '@xstate.event', '@xstate.snapshot']);
    expect(new Set(frames.flatMap(({ sessionId, rootId }) => [sessionId, rootId]))).toEqual(new Set([`matching:${id}`]));
    expect(frames[0]).toMatchObject({ name: id, snapshot: { value: 'absent' }, definition: { id: 'matching', initial: 'absent' } });
    expect(frames[2]).toMatchObject({ event: { type: 'ENROLLED' }, snapshot: { value: 'created' } });
    expect(frames[4]).toMatchObject({ event: { type: 'MATCHED' }, snapshot: { value: 'matched', context: { epoch: 1 } } });
    const moves = await scene.ctx.store.transitions(id);
    expect([frames[2]?.createdAt, frames[4]?.createdAt]).toEqual(moves.map(({ createdAt }) => String(createdAt)));
  });

  test('a move made by another process is seen, once', async () => {
    const id = await enrolled();
    const { url } = await listenAdmin(scene.ctx);
    const client = await connect(url('?topic=machine/matching&frames=own'));
    await client.frame(ofType('@mentorship.watching'));
    await match(id, await scene.second());
    const seen = await client.frame(ofType('@mentorship.moves'));
    expect(seen).toMatchObject({
      topic: 'machine/matching',
      edges: { 'matching.created MATCHED matching.matched': 1 },
      moves: [{ matching_id: id, from: 'created', to: 'matched', event: 'MATCHED', actor: 'job:import-matchings' }],
    });
    await dispatch(scene.ctx, [{ matchingId: id, event: { type: 'MATCH_ANNOUNCED', epoch: 1 } }], { actor: 'task:announce' });
    await client.frame((frame) => JSON.stringify(frame).includes('MATCH_ANNOUNCED'));
    const moves = client.frames.filter(ofType('@mentorship.moves')).flatMap((frame) => frame['moves'] as unknown[]);
    expect(moves).toHaveLength(2);
  });

  test('the application actor is shown live, its regions and no word of what was found', async () => {
    const { url } = await listenAdmin(scene.ctx);
    const client = await connect(url('?topic=machine/application'));
    await client.frame(ofType('@mentorship.watching'));
    const id = await enrolled();
    await scene.settleTasks();
    await client.frame((frame) => frame.type === '@mentorship.step' && frame['status'] === 'done');
    const official = client.frames.filter(({ type }) => type.startsWith('@xstate.')).map((frame) => officialFrame.parse(frame));
    expect(official.every(({ sessionId }) => sessionId === `application:${id}`)).toBe(true);
    const values = client.frames.filter(ofType('@mentorship.step')).map(({ value }) => JSON.stringify(value));
    expect(values[0]).toContain('"collecting":{"city":"locating","car":"asking","phone":"asking"}');
    expect(values.at(-1)).toBe('"written"');
    expect(client.frames.at(-1)).toMatchObject({ snapshot: { context: { phone_known: true, city_source: 'gps', position_known: true } } });
    const everything = JSON.stringify(client.frames);
    const { lat, lon } = nina.position ?? { lat: 0, lon: 0 };
    for (const secret of [nina.phone, nina.phone.slice(1), String(lat), String(lon), nina.ip ?? '', nina.fullName.last, 'Moscow']) {
      expect(everything).not.toContain(secret);
    }
  });

  test('nothing runs and no task tells its steps while nobody watches', async () => {
    const { url } = await listenAdmin(scene.ctx);
    const { operations } = scene.ctx;
    const untouched = { ...scene.ctx.store };
    let looks = 0;
    Object.assign(scene.ctx.store, { now: () => { looks += 1; return untouched.now(); } });
    expect(operations.getSnapshot().context.actorsWatched).toBe(false);
    const client = await connect(url('?topic=machine/application&topic=machine/matching'));
    await client.frame(ofType('@mentorship.watching'));
    expect(operations.getSnapshot().context.actorsWatched).toBe(true);
    client.close();
    await client.closed;
    await expect.poll(() => operations.getSnapshot().context.actorsWatched).toBe(false);
    await enrolled();
    looks = 0;
    await scene.settleTasks();
    expect(operations.getSnapshot().context.lastStep).toBeNull();
    expect(looks).toBeLessThanOrEqual(1);
  });
});
