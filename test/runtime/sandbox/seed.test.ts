// The seeded people: the same by number, well-formed, and varied enough for what the demo has to show.
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { expect, test } from 'vitest';
import { profileKey } from '../../../machines/ids.ts';
import { people } from '../../sandbox/seed.ts';

const cast = people(60);
const everyone = [...cast.newbies, ...cast.mentors];

test('gives the same first newbies and mentors whatever their number', () => {
  const few = people(7);
  expect(few.newbies).toEqual(cast.newbies.slice(0, 7));
  expect(few.mentors).toEqual(cast.mentors.slice(0, 3));
});

test('has two mentors even for one newbie, so that one can replace the other', () => {
  expect(people(1).mentors).toHaveLength(2);
});

test('gives nobody the profile, the udid, the phone or the phone id of another', () => {
  const profiles = everyone.flatMap((person) => person.profiles.map(profileKey));
  expect(new Set(profiles).size).toBe(profiles.length);
  for (const field of ['udid', 'phone', 'phonePdId'] as const) {
    expect(new Set(everyone.map((person) => person[field])).size).toBe(everyone.length);
  }
});

test('gives everybody a full name and a phone number that can be dialled', () => {
  for (const { name, phone } of everyone) {
    expect(Object.values(name)).not.toContain('');
    expect(phone).toMatch(/^\+7999000\d{4}$/);
    expect(parsePhoneNumberFromString(phone)?.isValid()).toBe(true);
  }
});

test('has people with one, two and three profiles, each profile in another park', () => {
  expect(new Set(cast.newbies.map((person) => person.profiles.length))).toEqual(new Set([1, 2, 3]));
  for (const { profiles } of everyone) expect(new Set(profiles.map((profile) => profile.parkId)).size).toBe(profiles.length);
});

test('has newbies found by position, by address only and not at all, in rented cars and in their own', () => {
  const first = cast.newbies.slice(0, 8);
  expect(new Set(first.map((person) => person.whereabouts))).toEqual(new Set(['gps', 'ip', 'nothing']));
  expect(new Set(first.map((person) => person.isRented))).toEqual(new Set([true, false]));
  for (const { whereabouts, ip } of cast.newbies) expect(ip === null).toBe(whereabouts !== 'ip');
});

test('spreads the first dozen over at least six cities', () => {
  expect(new Set(cast.newbies.slice(0, 12).map((person) => person.city.name)).size).toBeGreaterThanOrEqual(6);
});
