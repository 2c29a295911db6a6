// The driver use cases over a real SQLite store whose clock a test moves, and upstreams that it can break.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type MatchingId, type Profile, profileKey } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { realTime } from '../../runtime/clock.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { createDriverDeps, type DriverDeps } from '../../runtime/mentorship/driver-deps.ts';
import { noSpool } from '../../runtime/spool/no-spool.ts';
import { openSqliteStore } from '../../runtime/store/sqlite/store.ts';
import type { DialogRecord, Store, StoreTx } from '../../runtime/store.ts';
import type { Person } from '../../runtime/upstream.ts';
import { type FakeClock, fakeClock, type FakeDriverProfiles, fakeDriverProfiles, type FakePersonal, fakePersonal } from './fake-ports.ts';

const requiredVariables = {
  YT_PROXY: 'http://localhost:1',
  DRIVER_PROFILES_URL: 'http://localhost:1',
  PERSONAL_URL: 'http://localhost:1',
  TRACKSTORY_URL: 'http://localhost:1',
  FLEET_RENT_URL: 'http://localhost:1',
  CLIENT_EVENTS_URL: 'http://localhost:1',
  AUTH_JWKS: './jwks.json',
  AUTH_ISSUER: 'test',
};

export interface DriverScene {
  readonly deps: DriverDeps;
  readonly store: Store;
  /** The database's. */
  readonly clock: FakeClock;
  readonly driverProfiles: FakeDriverProfiles;
  readonly personal: FakePersonal;
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly dialogs: readonly DialogRecord[];
  readonly now: EpochMs;
  readonly people?: readonly Person[];
  readonly nameFormat?: 'full' | 'first_initial';
}

/** For one run of a property, which must not keep its database until the test ends; the others take {@link driverScene}. */
export async function openDriverScene({ dialogs, now, people = [], nameFormat = 'full' }: SceneOptions): Promise<DriverScene> {
  const directory = await mkdtemp(join(tmpdir(), 'mentorship-'));
  const clock = fakeClock(now);
  const { store } = openSqliteStore({ file: join(directory, 'store.sqlite'), timescale: realTime, databaseNowMs: () => clock.ms });
  await store.migrate();
  await store.transact(async (tx) => {
    for (const dialog of dialogs) await insertDialog(tx, dialog);
  });
  const driverProfiles = fakeDriverProfiles([...people]);
  const personal = fakePersonal();
  const { programme, spool: limits } = readConfig({ ...requiredVariables, NAME_FORMAT: nameFormat });
  const deps = createDriverDeps({ store, spool: noSpool(() => clock.ms), config: { programme, spool: limits }, upstreams: { driverProfiles, personal } });
  const close = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { deps, store, clock, driverProfiles, personal, close };
}

export async function driverScene(options: SceneOptions): Promise<DriverScene> {
  const scene = await openDriverScene(options);
  onTestFinished(() => scene.close());
  return scene;
}

/** Makes the profile known by name and phone. */
export function introduce({ driverProfiles, personal }: DriverScene, profile: Profile, firstName: string, phone: string): void {
  const phonePdId = `pd-${profileKey(profile)}`;
  driverProfiles.details.set(profileKey(profile), { fullName: { lastName: 'Иванов', firstName, middleName: 'Иванович' }, phonePdId });
  personal.numbers.set(phonePdId, phone);
}

export async function storedMatching({ store }: DriverScene, id: MatchingId): Promise<MatchingRecord> {
  const [matching] = await store.matchings([id]);
  if (matching === undefined) throw new TypeError('a test asks for a matching it did not store');
  return matching;
}

async function insertDialog(tx: StoreTx, { matching, transitions, results }: DialogRecord): Promise<void> {
  await tx.insertMatching(matching);
  for (const transition of transitions) await tx.insertTransition(transition);
  if (results !== null) await tx.mergeResults(matching.id, matching.newbie, results.figures);
}
