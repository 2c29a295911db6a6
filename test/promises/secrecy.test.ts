// S5 and A22 on the wire, over random worlds: nobody reads of anybody but his contacts, what is not his looks like what is not there, and
// tags and cursors of one driver are of no use to another.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { invalidToken } from '../../http/access.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import type { DriverUseCases } from '../../http/use-cases.ts';
import { parseProfileKey, profileKey, sameProfile, type MatchingId, type Profile } from '../../machines/ids.ts';
import type { DriverDeps } from '../../runtime/mentorship/driver-deps.ts';
import { markRead } from '../../runtime/mentorship/read-marks.ts';
import { contacts, messages, offer, participation } from '../../runtime/mentorship/view.ts';
import type { DialogRecord } from '../../runtime/store.ts';
import { listen, openGuards } from '../http/listener.ts';
import { anyDialog, dayMs, matchingId, profile, start } from '../suites/dialogs.ts';
import { introduce, openDriverScene, type DriverScene } from '../suites/driver-scene.ts';

const pool = [1, 2, 3, 4, 5, 6].map((number) => profile(`park-${number % 2}`, `driver-${number}`));
const people = [pool.slice(0, 2), pool.slice(2, 4), pool.slice(4, 5), pool.slice(5, 6)].map((profiles) => ({ udid: null, profiles }));
const anyDialogs = fc.tuple(...Array.from({ length: 8 }, (_, index) => anyDialog(pool, index)));
const unknown = matchingId(999);
/** Spelled out on purpose: the promise, not the constant the code reads. */
const shown: readonly string[] = ['initialized', 'in_progress', 'finished', 'succeed'];

const phoneOf = (one: Profile): string => `+7999000000${pool.findIndex((other) => sameProfile(one, other))}`;
const nameOf = (one: Profile): string => `Name${pool.findIndex((other) => sameProfile(one, other))}x`;

function samePerson(one: Profile, other: Profile | null): boolean {
  return other !== null && people.some(({ profiles }) => [one, other].every((each) => profiles.some((held) => sameProfile(held, each))));
}

/** Whom the caller may read of by this dialog; null when it is not his to see. */
function contactIn({ matching: { status, newbie, mentor } }: DialogRecord, caller: Profile): Profile | null {
  if (mentor === null || !shown.includes(status)) return null;
  if (samePerson(caller, newbie)) return mentor;
  return samePerson(caller, mentor) ? newbie : null;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Ask = (caller: Profile, path: string, init?: RequestInit) => Promise<Answer>;

function useCasesOf(deps: () => DriverDeps): DriverUseCases {
  return {
    enrol: () => { throw new Error('nobody enrols here'); },
    participation: (input, signal) => participation(deps(), input, signal),
    offer: (input, signal) => offer(deps(), input, signal),
    contacts: (input, signal) => contacts(deps(), input, signal),
    messages: (input, signal) => messages(deps(), input, signal),
    markRead: (input, signal) => markRead(deps(), input, signal),
  };
}

async function overWorlds(check: (ask: Ask, dialogs: readonly DialogRecord[]) => Promise<void>, numRuns: number): Promise<void> {
  let scene: DriverScene | null = null;
  const driver = async ({ headers }: { headers: ReadonlyMap<string, string> }): Promise<Profile> => {
    const caller = parseProfileKey(headers.get('authorization')?.slice('Bearer '.length));
    if (caller === null) throw invalidToken('it names no driver');
    return caller;
  };
  const useCases = useCasesOf(() => scene!.deps);
  const { url } = await listen({ ctx: { useCases }, routes: driverRoutes, guards: { ...openGuards, driver } });
  const ask: Ask = async (caller, path, init = {}) => {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${profileKey(caller)}` };
    const response = await fetch(url(`/driver/v1/mentorship${path}`), { ...init, headers });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };
  await fc.assert(fc.asyncProperty(anyDialogs, async (dialogs) => {
    scene = await openDriverScene({ dialogs, now: start + 10 * dayMs, people });
    try {
      for (const one of pool) introduce(scene, one, nameOf(one), phoneOf(one));
      await check(ask, dialogs);
    } finally {
      await scene.close();
    }
  }), { numRuns });
}

/** What differs between any two requests. */
function withoutTrace({ status, headers, body }: Answer): unknown {
  const { traceparent: _span, date: _date, ...rest } = headers;
  return { status, headers: rest, body: body.replace(/"trace_id":"[0-9a-f]{32}"/, '') };
}

const read = { method: 'POST' } as const;

test('nothing a driver can ask for tells of anybody but his contacts', async () => {
  await overWorlds(async (ask, dialogs) => {
    for (const caller of pool) {
      const mine = dialogs.flatMap((dialog) => contactIn(dialog, caller) ?? []);
      const others = pool.filter((one) => !mine.some((contact) => sameProfile(contact, one)));
      const paths = ['/contacts', '/contacts?role=mentor', '/contacts?role=newbie', '/participation', '/offer', ...dialogs.map(({ matching }) => `/contacts/${matching.id}/messages`)];
      const told = (await Promise.all(paths.map((path) => ask(caller, path)))).map(({ headers, body }) => JSON.stringify([headers, body])).join();
      expect(others.flatMap((one) => [phoneOf(one), nameOf(one)]).filter((secret) => told.includes(secret))).toEqual([]);
      expect(mine.filter((one) => !told.includes(phoneOf(one)))).toEqual([]);
    }
  }, 12);
});

test('what is not his answers like what is not there, to the last header', async () => {
  await overWorlds(async (ask, dialogs) => {
    for (const caller of pool) {
      const both = async (ask2: (id: MatchingId) => Promise<Answer>, id: MatchingId): Promise<void> => {
        const [foreign, missing] = await Promise.all([ask2(id), ask2(unknown)]);
        expect(foreign.status).toBe(404);
        expect(withoutTrace(foreign)).toEqual(withoutTrace(missing));
      };
      for (const { matching: { id } } of dialogs.filter((dialog) => contactIn(dialog, caller) === null)) {
        await both((each) => ask(caller, `/contacts/${each}/messages`), id);
        await both((each) => ask(caller, `/contacts/${each}/read`, read), id);
      }
    }
  }, 6);
});

test('tags and cursors of one driver are of no use to another', async () => {
  let [tags, cursors] = [0, 0];
  await overWorlds(async (ask) => {
    for (const caller of pool) {
      const { headers: { etag = '' }, body } = await ask(caller, '/contacts?limit=1');
      const { next_cursor: cursor } = JSON.parse(body) as { next_cursor: string | null };
      expect((await ask(caller, '/contacts?limit=1', { headers: { 'if-none-match': etag } })).status).toBe(304);
      for (const other of pool.filter((one) => one !== caller)) {
        expect((await ask(other, '/contacts?limit=1', { headers: { 'if-none-match': etag } })).status).toBe(200);
        tags += 1;
        if (cursor === null) continue;
        expect((await ask(other, `/contacts?limit=1&cursor=${cursor}`)).status).toBe(400);
        cursors += 1;
      }
    }
  }, 6);
  expect(tags).toBeGreaterThan(0);
  expect(cursors).toBeGreaterThan(0);
});
