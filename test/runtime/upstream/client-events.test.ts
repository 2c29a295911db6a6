// The client-events adapter against its stand-in.
import { expect, test } from 'vitest';
import type { Profile } from '../../../machines/ids.ts';
import type { ClientEvent } from '../../../runtime/upstream.ts';
import { addCrowd, ivan, maria, startFixture, stranger } from './fixture.ts';

function eventTo(recipient: Profile, eventId: string): ClientEvent {
  return { eventId, recipient, ttlSeconds: 3_600, payload: { matchingId: 'a-matching', kind: 'new_match', unread: 1 } };
}

test('delivers an event with its channel, lifetime and payload', async () => {
  const { sandbox, upstreams } = await startFixture();
  expect(await upstreams.clientEvents.push([eventTo(ivan, 'e1')])).toEqual([{ eventId: 'e1', status: 'accepted', reason: null }]);
  expect(sandbox.acceptedEvents.get('e1')).toMatchObject({
    recipient: ivan,
    ttlSeconds: 3_600,
    payload: { matchingId: 'a-matching', kind: 'new_match', unread: 1 },
    duplicates: 0,
  });
});

test('reports a repeated event as a duplicate', async () => {
  const { sandbox, upstreams } = await startFixture();
  await upstreams.clientEvents.push([eventTo(ivan, 'e1')]);
  expect(await upstreams.clientEvents.push([eventTo(ivan, 'e1')])).toEqual([{ eventId: 'e1', status: 'duplicate', reason: null }]);
  expect(sandbox.acceptedEvents.get('e1')?.duplicates).toBe(1);
});

test('a reply lost after delivery ends as one delivered event', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.clientEvents.set({ kind: 'drop_reply', times: 1 });
  expect(await upstreams.clientEvents.push([eventTo(ivan, 'e1')])).toEqual([{ eventId: 'e1', status: 'duplicate', reason: null }]);
  expect([...sandbox.acceptedEvents.keys()]).toEqual(['e1']);
});

test('a rejected recipient does not hold the others', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.clientEvents.set({ kind: 'reject', recipients: [maria] });
  const outcomes = await upstreams.clientEvents.push([eventTo(maria, 'm'), eventTo(ivan, 'i'), eventTo(stranger, 's')]);
  expect(outcomes).toEqual([
    { eventId: 'm', status: 'rejected', reason: 'channel_disabled' },
    { eventId: 'i', status: 'accepted', reason: null },
    { eventId: 's', status: 'rejected', reason: 'unknown_channel' },
  ]);
});

test('a reason outside the contract is kept as other', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.clientEvents.set({ kind: 'reject', recipients: [maria], reason: 'call +79990003344' });
  expect((await upstreams.clientEvents.push([eventTo(maria, 'm')]))[0]?.reason).toBe('other');
});

test('outcomes come in the order of the events across batches', async () => {
  const { sandbox, upstreams } = await startFixture();
  const events = addCrowd(sandbox.world, 501).map((one, index) => eventTo(one, `e${index}`));
  const outcomes = await upstreams.clientEvents.push(events);
  expect(outcomes.map((outcome) => outcome.eventId)).toEqual(events.map((event) => event.eventId));
  expect(sandbox.calls.clientEvents).toHaveLength(3);
});

test('a reply that leaves an event out fails the call', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.clientEvents.set({ kind: 'wrong_type', path: 'items', value: [{ event_id: 'other', status: 'accepted' }] });
  await expect(upstreams.clientEvents.push([eventTo(ivan, 'e1')])).rejects.toMatchObject({ code: 'upstream_reply_malformed' });
});

test('a status outside the contract fails the call', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.clientEvents.set({ kind: 'wrong_type', path: 'items.0.status', value: 'maybe' });
  await expect(upstreams.clientEvents.push([eventTo(ivan, 'e1')])).rejects.toThrow('client-events push: items[0].status');
});
