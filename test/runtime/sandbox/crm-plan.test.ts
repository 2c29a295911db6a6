// What the simulated CRM decides, and that it decides the same again from its tables alone.
import { expect, test } from 'vitest';
import { distribute, promocodesOf, resultsOf, type Application, type Connection, type Scene } from '../../sandbox/crm-plan.ts';
import { rematchedOrdinal } from '../../sandbox/script.ts';
import { people } from '../../sandbox/seed.ts';
import { dayMs } from '../../sandbox/world-clock.ts';

const cast = people(18);
const start = Date.UTC(2026, 2, 1, 12);

function at(days: number): Scene {
  return { cast, now: start + days * dayMs, rematchAfterMs: 3 * dayMs };
}

const applications: readonly Application[] = cast.newbies.map(({ udid, profiles: [profile], ordinal }) => ({
  newbie_key: udid,
  matching_id: `matching-${ordinal}`,
  newbie_park_id: profile.parkId,
  newbie_driver_id: profile.driverId,
  requested_at: new Date(start).toISOString(),
}));

/** The distribution table after the CRM has looked at it every `stepDays` up to `days`. */
function tableAt(days: number, stepDays = 0.5): Connection[] {
  let table: Connection[] = [];
  for (let day = 0; day <= days; day += stepDays) table = distribute(applications, table, at(day));
  return table;
}

function mentorOf(table: readonly Connection[], ordinal: number): string | undefined {
  return table.find((row) => row.newbie_driver_id === applications[ordinal]?.newbie_driver_id)?.mentor_driver_id;
}

function mentorNumbers(table: readonly Connection[]): (number | undefined)[] {
  return applications.map(({ newbie_driver_id: id }) => {
    const row = table.find((one) => one.newbie_driver_id === id);
    return cast.mentors.find((mentor) => mentor.profiles[0].driverId === row?.mentor_driver_id)?.ordinal;
  });
}

test('matches nobody within a day of the application and everybody within two', () => {
  expect(tableAt(0.99)).toEqual([]);
  const matched = tableAt(2.5).length;
  expect(matched).toBe(applications.length);
});

test('gives each mentor three newbies, in the order of their numbers', () => {
  expect(mentorNumbers(tableAt(2.5)).slice(0, 7)).toEqual([0, 0, 0, 1, 1, 1, 2]);
});

test('replaces the mentor of exactly one newbie, exactly once', () => {
  const early = tableAt(2.5);
  const late = tableAt(40);
  const changed = applications.map((_, ordinal) => ordinal).filter((ordinal) => mentorOf(early, ordinal) !== mentorOf(late, ordinal));
  expect(changed).toEqual([rematchedOrdinal]);
  expect(mentorNumbers(late)[rematchedOrdinal]).toBe(1);
});

test('leaves the rows of the table as they are when nothing is due', () => {
  const table = tableAt(6);
  expect(distribute(applications, table, at(6.1))).toEqual(table);
});

test('writes dates in the form of the real table, not before the present of its own clock', () => {
  const [row] = tableAt(2.5);
  expect(row?.connected_dttm).toMatch(/^2026-03-0[234] \d\d:\d\d:\d\d$/);
});

test('serves a stranger to the seed, always with the same mentor', () => {
  const stranger = { ...applications[0], newbie_key: 'stranger', newbie_driver_id: 'stranger', matching_id: 'm' } as Application;
  const [row] = distribute([stranger], [], at(3));
  expect(cast.mentors.some((mentor) => mentor.profiles[0].driverId === row?.mentor_driver_id)).toBe(true);
  expect(distribute([stranger], [], at(3))).toEqual([row]);
});

test('has 7-day figures a week after the match and 14-day figures two weeks after it', () => {
  const table = tableAt(2.5);
  expect(resultsOf(applications, table, at(7.9))).toEqual([]);
  const week = resultsOf(applications, table, at(9.6));
  expect(week).toHaveLength(applications.length);
  expect(week.every((row) => row['rate_avg_7d'] !== null && row['rate_avg_14d'] === null && row['passed_test_flg'] === null)).toBe(true);
  const both = resultsOf(applications, table, at(16.6));
  expect(both.every((row) => row['sh_7d'] !== null && row['sh_14d'] !== null && row['passed_test_flg'] !== null)).toBe(true);
  expect(both.map((row) => row['sh_7d'])).toEqual(week.map((row) => row['sh_7d']));
});

test('issues a code to everybody but each sixth newbie, one each', () => {
  const rows = [...promocodesOf(applications, tableAt(40), at(40)).values()].flat();
  expect(rows).toHaveLength(15);
  expect(new Set(rows.map((row) => row.promocode)).size).toBe(15);
  const failing = [5, 11, 17].map((ordinal) => `${applications[ordinal]?.newbie_park_id}_${applications[ordinal]?.newbie_driver_id}`);
  expect(rows.filter((row) => failing.includes(row.entity_id))).toEqual([]);
});

test('names the mentor in the codes of those whose fellows all pass', () => {
  const rows = [...promocodesOf(applications, tableAt(40), at(40)).values()].flat();
  const mentors = cast.mentors.map(({ profiles: [profile] }) => `${profile.parkId}_${profile.driverId}`);
  const named = rows.map((row) => mentors.indexOf(row.entity_id)).filter((ordinal) => ordinal >= 0);
  expect(named.sort((a, b) => a - b)).toEqual([2, 2, 2, 4, 4, 4]);
});

test('publishes the table of a day only when the day is over, and then never changes it', () => {
  const table = tableAt(2.5);
  const seen = new Map<string, unknown>();
  for (let day = 15; day < 21; day += 0.25) {
    const scene = at(day);
    for (const [date, rows] of promocodesOf(applications, table, scene)) {
      expect(date < new Date(scene.now).toISOString().slice(0, 10)).toBe(true);
      expect(rows).toEqual(seen.get(date) ?? rows);
      seen.set(date, rows);
    }
  }
  expect(seen.size).toBeGreaterThan(1);
});
