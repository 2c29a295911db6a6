// The whole system at high speed: real HTTP, tasks, YT, jobs and a CRM, from the offer to the promocode. The tests share one world,
// and each waits for the state it speaks of.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { profileKey } from '../machines/ids.ts';
import type { MatchingRecord } from '../machines/matching-record.ts';
import { visibleStatuses, type Status } from '../machines/status.ts';
import type { WireContact } from './sandbox/driver-app.ts';
import { readFunnel } from './sandbox/funnel.ts';
import { spellName } from './sandbox/names.ts';
import { RunningWorld } from './sandbox/running-world.ts';
import { mentorOrdinal, passes, rematchedOrdinal } from './sandbox/script.ts';
import type { SeededPerson } from './sandbox/seed.ts';
import { tablePaths } from './sandbox/tables.ts';

const drivers = 12;
const guestOrdinal = drivers;
const settleWithinMs = 90_000;
const every = '500ms';
const environment = {
  IMPORT_MATCHINGS_EVERY: every,
  IMPORT_RESULTS_EVERY: every,
  FINISH_PROGRAMME_EVERY: every,
  // Room for a busy machine: a promocode that comes after the deadline would lead another way round.
  FAIL_GRACE: '14d',
  HIDE_AFTER: '999d',
  ARCHIVE_AFTER: '999d',
  PROMOCODE_LOOKBACK: '999d',
};

let world: RunningWorld;

beforeAll(async () => {
  world = await RunningWorld.start({ drivers: drivers + 1, speed: 0.8, environment });
  await world.enrolEach(participants());
}, 60_000);
afterAll(() => world.stop(), 30_000);

function newbie(ordinal: number): SeededPerson {
  return world.network.people.newbies[ordinal]!;
}

function mentor(ordinal: number): SeededPerson {
  return world.network.people.mentors[ordinal]!;
}

function participants(): readonly SeededPerson[] {
  return world.network.people.newbies.slice(0, drivers);
}

async function matchingOf(person: SeededPerson): Promise<MatchingRecord> {
  return world.until('a matching', () => world.matchingOf(person));
}

/** The contact as `viewer` has it, once he has it. */
async function contactSeenBy(viewer: SeededPerson, matching: MatchingRecord): Promise<WireContact> {
  return world.until('the contact to appear', async () => {
    const { body } = await world.app(viewer).contacts();
    return body.contacts.find((contact) => contact.matching_id === matching.id) ?? null;
  });
}

/** The statuses of a matching's life, in order, as the CRM's script has it. */
function lifeOf(ordinal: number): Status[] {
  const again: Status[] = ordinal === rematchedOrdinal ? ['matched', 'initialized'] : [];
  return ['created', 'requested', 'matched', 'initialized', ...again, 'in_progress', 'finished', passes(ordinal) ? 'succeed' : 'failed'];
}

/** Where a busy machine comes to the figures of both ages at once, one announcement reports both (A18). */
async function announcementsOf(ordinal: number, { id, epoch }: MatchingRecord): Promise<string[]> {
  const moves = await world.ctx.store.transitions(id);
  const [progressAt, resultAt] = ['in_progress', 'finished'].map((status) => moves.find(({ to }) => to === status)?.createdAt);
  const progress = progressAt === resultAt ? [] : ['in_progress'];
  const match = (number: number): string[] => ['mentor', 'newbie'].map((role) => `${id}:initialized:${number}:${role}`);
  const matches = Array.from({ length: epoch }, (_, before) => match(before + 1));
  const later = [...progress, 'finished', ...(passes(ordinal) ? ['succeed'] : [])].map((status) => `${id}:${status}:${epoch}:mentor`);
  return [...matches.flat(), ...later];
}

test('shows the offer until a person has enrolled, once, from whichever profile', async () => {
  const guest = newbie(guestOrdinal);
  expect((await world.app(guest).offer()).body).toMatchObject({ show: true });
  const [first, second] = [await world.app(guest, 0).enrol(), await world.app(guest, 2).enrol()];
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body.participation.matching_id).toBe(first.body.participation.matching_id);
  expect((await world.app(guest, 1).offer()).body).toMatchObject({ show: false });
});

test('writes an application with the city by position, by address or unknown, the car and the phone', async () => {
  const rows = await world.until('all applications', async () => {
    const found = await world.tableRows(tablePaths.YT_NEW_DRIVERS);
    return found.length >= drivers && found;
  });
  const sources = { gps: 'gps', ip: 'ip', nothing: 'unknown' } as const;
  for (const { udid, phone, city, whereabouts, isRented } of participants()) {
    const known = whereabouts === 'nothing' ? { city: null, city_geo_id: null } : { city: city.name, city_geo_id: city.geoId };
    const expected = { ...known, phone, city_source: sources[whereabouts], is_rented_car: isRented };
    expect(rows.find((row) => row['newbie_key'] === udid)).toMatchObject(expected);
  }
});

test('shows the newbie his mentor: name, phone, links, one unread greeting', async () => {
  const [person, expected] = [newbie(0), mentor(0)];
  const contact = await contactSeenBy(person, await matchingOf(person));
  expect(contact).toMatchObject({ role: 'mentor', name: spellName(expected.name), phone: expected.phone, unread: 1 });
  expect(contact.links[0]?.url).toMatch(`https://wa.me/${expected.phone.slice(1)}?text=`);
  expect(contact.links[1]).toEqual({ kind: 'tel', url: `tel:${expected.phone}` });
  expect(contact.messages[0]).toMatchObject({ kind: 'new_match', read: false });
  expect(contact.messages[0]?.text).toContain(expected.name.firstName);
});

test('shows the mentor each of his newbies, through any of his profiles', async () => {
  const expected = [newbie(0), newbie(2)];
  for (const person of expected) await contactSeenBy(mentor(0), await matchingOf(person));
  const { body } = await world.app(mentor(0), 1).contacts();
  expect(body.role).toBe('mentor');
  for (const { name, phone } of expected) {
    const contact = body.contacts.find((one) => one.phone === phone);
    expect(contact).toMatchObject({ role: 'newbie', name: spellName(name) });
    expect(contact?.messages[0]?.text).toContain(name.firstName);
  }
  expect(body.unread_total).toBe(body.contacts.reduce((sum, contact) => sum + contact.unread, 0));
});

test('keeps a dialog from everybody but its two participants', async () => {
  const matching = await matchingOf(newbie(0));
  await contactSeenBy(newbie(0), matching);
  const stranger = world.app(newbie(3));
  const unknown = '00000000-0000-4000-8000-000000000000';
  expect((await stranger.messages(matching.id)).status).toBe(404);
  expect((await stranger.markRead(matching.id)).status).toBe(404);
  expect((await stranger.messages(unknown)).status).toBe(404);
  expect((await world.app(newbie(0)).messages(matching.id)).status).toBe(200);
});

test('clears the unread counter of the reader alone', async () => {
  const matching = await matchingOf(newbie(2));
  expect((await contactSeenBy(newbie(2), matching)).unread).toBe(1);
  expect((await world.app(newbie(2)).markRead(matching.id)).status).toBe(204);
  expect(await contactSeenBy(newbie(2), matching)).toMatchObject({ unread: 0, messages: [{ read: true }] });
  expect((await contactSeenBy(mentor(0), matching)).unread).toBeGreaterThan(0);
});

test('goes on by itself when the service is restarted in the middle', async () => {
  const before = await readFunnel(world.ctx.store);
  await world.restartService();
  const after = await readFunnel(world.ctx.store);
  expect(after.reached.created).toBe(before.reached.created);
  expect(after.reached.succeed + after.reached.failed).toBeLessThan(drivers);
  expect((await world.app(newbie(0)).participation()).body.participation?.matching_id).toBe((await matchingOf(newbie(0))).id);
});

test('gives a rematched newbie to the new mentor and takes him from the old one, telling both again', async () => {
  const rematched = await world.until('the rematch to be announced', async () => {
    const matching = await world.matchingOf(newbie(rematchedOrdinal));
    return matching !== null && matching.epoch === 2 && visibleStatuses.includes(matching.status) && matching;
  });
  const [oldMentor, newMentor] = [false, true].map((isRematched) => mentor(mentorOrdinal(rematchedOrdinal, isRematched)));
  const seen = await contactSeenBy(newbie(rematchedOrdinal), rematched);
  expect(seen).toMatchObject({ phone: newMentor!.phone, messages: [{ kind: 'new_match' }] });
  expect(await contactSeenBy(newMentor!, rematched)).toMatchObject({ phone: newbie(rematchedOrdinal).phone });
  const { body } = await world.app(oldMentor!).contacts();
  expect(body.contacts.map((contact) => contact.matching_id)).not.toContain(rematched.id);
  expect((await world.app(oldMentor!).messages(rematched.id)).status).toBe(404);
}, settleWithinMs);

test('brings everybody to the end that the CRM decided', async () => {
  await world.untilSettled(drivers);
  const { reached } = await readFunnel(world.ctx.store);
  expect(reached.failed).toBe(participants().filter(({ ordinal }) => !passes(ordinal)).length);
  expect(reached.succeed).toBe(reached.created - reached.failed);
  for (const person of participants()) {
    const matching = await matchingOf(person);
    expect(matching.status).toBe(lifeOf(person.ordinal).at(-1));
    expect(matching.mentorPromocode === null).toBe(!passes(person.ordinal));
  }
}, settleWithinMs);

test('writes one transition for each move, and moves only along the lifecycle', async () => {
  await world.untilSettled(drivers);
  for (const person of participants()) {
    const matching = await matchingOf(person);
    const moves = await world.ctx.store.transitions(matching.id);
    const life = lifeOf(person.ordinal);
    expect(moves.map((move) => move.to)).toEqual(life);
    expect(moves.map((move) => move.from)).toEqual([null, ...life.slice(0, -1)]);
    expect(matching.epoch).toBe(person.ordinal === rematchedOrdinal ? 2 : 1);
  }
}, settleWithinMs);

test('has each due announcement accepted exactly once, by whom it concerns', async () => {
  await world.untilSettled(drivers);
  const { acceptedEvents } = world.network.upstreams;
  for (const person of participants()) {
    const matching = await matchingOf(person);
    const accepted = [...acceptedEvents].filter(([, event]) => event.payload.matchingId === matching.id);
    expect(new Set(accepted.map(([id]) => id))).toEqual(new Set(await announcementsOf(person.ordinal, matching)));
    const toNewbie = accepted.filter(([id]) => id.endsWith(':newbie')).map(([, { recipient }]) => recipient);
    expect(new Set(toNewbie.map(({ parkId, driverId }) => `${parkId}_${driverId}`))).toEqual(new Set([profileKey(matching.newbie)]));
  }
  expect([...acceptedEvents.values()].filter((event) => event.duplicates > 0)).toEqual([]);
}, settleWithinMs);

test('tells the mentor the figures and the promocode, and the newbie neither', async () => {
  await world.untilSettled(drivers);
  const matching = await matchingOf(newbie(0));
  const toMentor = await contactSeenBy(mentor(0), matching);
  const toNewbie = await contactSeenBy(newbie(0), matching);
  expect(toMentor.messages.map((message) => message.kind)).toEqual(['new_match', 'progress', 'result', 'promocode']);
  expect(toMentor.messages.at(-1)?.text).toContain(matching.mentorPromocode);
  expect(toNewbie.messages.map((message) => message.kind)).toEqual(['new_match', 'completed']);
  expect(JSON.stringify(toNewbie)).not.toContain(matching.mentorPromocode);
}, settleWithinMs);

test('writes nobody\'s phone, name or address into its database or its log', async () => {
  await world.untilSettled(drivers);
  const written = world.written();
  expect(written).toContain(newbie(0).profiles[0].driverId);
  for (const { phone, name, ip } of [...world.network.people.newbies, ...world.network.people.mentors]) {
    const secrets = [phone, phone.slice(1), name.lastName, name.middleName, ...(ip === null ? [] : [ip])];
    for (const secret of secrets) expect(written).not.toContain(secret);
  }
  expect(world.failures).toEqual([]);
}, settleWithinMs);
