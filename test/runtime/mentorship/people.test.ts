import { expect, test } from 'vitest';
import { profileKey } from '../../../machines/ids.ts';
import { nameContact } from '../../../runtime/mentorship/contact-name.ts';
import { createPeople, type People } from '../../../runtime/mentorship/people.ts';
import { profile } from '../../suites/dialogs.ts';
import { type FakeClock, fakeClock, type FakeDriverProfiles, fakeDriverProfiles, type FakePersonal, fakePersonal } from '../../suites/fake-ports.ts';

const ivan = profile('park-1', 'ivan');
const anna = profile('park-2', 'anna');
const ivanKey = profileKey(ivan);
const annaKey = profileKey(anna);
const ivanov = { lastName: 'Иванов', firstName: 'Иван', middleName: 'Иванович' };

interface Scene {
  people: People;
  driverProfiles: FakeDriverProfiles;
  personal: FakePersonal;
  clock: FakeClock;
}

function setUp(random = (): number => 0): Scene {
  const driverProfiles = fakeDriverProfiles();
  const personal = fakePersonal();
  const clock = fakeClock();
  driverProfiles.details.set(ivanKey, { fullName: ivanov, phonePdId: 'pd-1' });
  driverProfiles.details.set(annaKey, { fullName: { lastName: 'Петрова', firstName: 'Анна', middleName: null }, phonePdId: null });
  personal.numbers.set('pd-1', '+79990001122');
  return { people: createPeople({ driverProfiles, personal }, 'full', { clock, random }), driverProfiles, personal, clock };
}

test('gives the names and phones of a page with one call of each upstream', async () => {
  const { people, driverProfiles, personal } = setUp();
  const { value, degraded } = await people.cards([ivan, anna, ivan]);
  expect(value.get(ivanKey)).toEqual({ name: 'Иванов Иван Иванович', firstName: 'Иван', phone: '+79990001122', number: '+79990001122' });
  expect(value.get(annaKey)).toEqual({ name: 'Петрова Анна', firstName: 'Анна', phone: null, number: null });
  expect(degraded).toEqual([]);
  expect(driverProfiles.retrieveCalls).toEqual([[ivanKey, annaKey]]);
  expect(personal.calls).toEqual([['pd-1']]);
});

test('asks nobody about an empty page', async () => {
  const { people, driverProfiles, personal } = setUp();
  expect(await people.cards([])).toEqual({ value: new Map(), degraded: [] });
  expect([driverProfiles.retrieveCalls, personal.calls]).toEqual([[], []]);
});

test('gives an unknown driver a card of nulls and calls nothing degraded', async () => {
  const stranger = profile('park-3', 'stranger');
  const { value, degraded } = await setUp().people.cards([stranger]);
  expect(value.get(profileKey(stranger))).toEqual({ name: null, firstName: null, phone: null, number: null });
  expect(degraded).toEqual([]);
});

test('gives no phone that personal does not know', async () => {
  const { people, personal } = setUp();
  personal.numbers.clear();
  const { value, degraded } = await people.cards([ivan]);
  expect(value.get(ivanKey)).toMatchObject({ name: 'Иванов Иван Иванович', phone: null });
  expect(degraded).toEqual([]);
});

test('remembers for half a minute and asks only about the rest', async () => {
  const { people, driverProfiles, personal, clock } = setUp();
  await people.cards([ivan]);
  clock.ms += 30_000;
  await people.cards([ivan, anna]);
  expect(driverProfiles.retrieveCalls).toEqual([[ivanKey], [annaKey]]);
  expect(personal.calls).toEqual([['pd-1']]);
  clock.ms += 1;
  await people.cards([ivan]);
  expect(driverProfiles.retrieveCalls.at(-1)).toEqual([ivanKey]);
  expect(personal.calls).toEqual([['pd-1'], ['pd-1']]);
});

test('forgets at different moments what it learned at one', async () => {
  const draws = [0, 0.8];
  const { people, driverProfiles, clock } = setUp(() => draws.shift() ?? 0);
  await people.names([ivan, anna]);
  clock.ms += 18_001;
  await people.names([ivan, anna]);
  expect(driverProfiles.retrieveCalls).toEqual([[ivanKey, annaKey], [annaKey]]);
  clock.ms += 12_000;
  await people.names([ivan, anna]);
  expect(driverProfiles.retrieveCalls.at(-1)).toEqual([ivanKey]);
});

test('leaves the phones out while personal is down and says so', async () => {
  const { people, personal } = setUp();
  personal.down = true;
  const { value, degraded } = await people.cards([ivan]);
  expect(value.get(ivanKey)).toEqual({ name: 'Иванов Иван Иванович', firstName: 'Иван', phone: null, number: null });
  expect(degraded).toEqual(['personal']);
});

test('leaves everything out while driver-profiles is down, asks personal nothing, and recovers at once', async () => {
  const { people, driverProfiles, personal } = setUp();
  driverProfiles.down = true;
  const { value, degraded } = await people.cards([ivan]);
  expect(value.get(ivanKey)).toEqual({ name: null, firstName: null, phone: null, number: null });
  expect(degraded).toEqual(['driver-profiles']);
  expect(personal.calls).toEqual([]);
  driverProfiles.down = false;
  expect((await people.cards([ivan])).value.get(ivanKey)?.phone).toBe('+79990001122');
});

test('needs no phones for names alone', async () => {
  const { people, personal } = setUp();
  const { value } = await people.names([ivan]);
  expect(value.get(ivanKey)).toEqual({ name: 'Иванов Иван Иванович', firstName: 'Иван' });
  expect(personal.calls).toEqual([]);
});

test('hides no error but an outage', async () => {
  const { people, personal } = setUp();
  personal.phones = async () => {
    throw new TypeError('a mistake of ours');
  };
  await expect(people.cards([ivan])).rejects.toThrow('a mistake of ours');
});

test.each([
  [ivanov, 'Иванов Иван Иванович', 'Иванов И.'],
  [{ lastName: ' Ким ', firstName: 'анна', middleName: ' ' }, 'Ким анна', 'Ким А.'],
  [{ lastName: '', firstName: 'Иван', middleName: null }, 'Иван', 'И.'],
  [{ lastName: 'Иванов', firstName: '', middleName: null }, 'Иванов', 'Иванов'],
  [{ lastName: ' ', firstName: '', middleName: null }, null, null],
  [null, null, null],
])('calls %j by the format set', (fullName, full, short) => {
  expect(nameContact(fullName, 'full').name).toBe(full);
  expect(nameContact(fullName, 'first_initial').name).toBe(short);
});

test('spells the first name out nowhere when only its initial is shown', () => {
  expect(nameContact(ivanov, 'first_initial').firstName).toBeNull();
});
