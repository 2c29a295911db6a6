// S10: deadlines use database time, on either store.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { realTime } from '../../runtime/clock.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { Store } from '../../runtime/store.ts';
import { openSqliteStore } from '../../runtime/store/sqlite/store.ts';
import { record } from '../machines/worlds.ts';
import { openOnLocalServer } from '../runtime/store/ydb-stores.ts';
import { dayMs } from '../suites/scene.ts';

const startMs = Date.UTC(2026, 0, 1);
const anyUrl = 'http://127.0.0.1:1';
const config = readConfig({
  YT_PROXY: anyUrl, DRIVER_PROFILES_URL: anyUrl, PERSONAL_URL: anyUrl, TRACKSTORY_URL: anyUrl, FLEET_RENT_URL: anyUrl,
  CLIENT_EVENTS_URL: anyUrl, AUTH_JWKS: 'jwks.json', AUTH_ISSUER: 'issuer',
});

interface Clocked {
  readonly store: Store;
  passTime(ms: number): void;
  close(): Promise<void>;
}

async function onSqlite(): Promise<Clocked> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-clock-'));
  let databaseMs = startMs;
  const { store } = openSqliteStore({ file: join(directory, 'db.sqlite'), timescale: realTime, databaseNowMs: () => databaseMs });
  await store.migrate();
  return {
    store,
    passTime: (ms) => void (databaseMs += ms),
    close: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

afterEach(() => void vi.useRealTimers());

test.each([['sqlite', onSqlite], ['ydb', () => openOnLocalServer()]] as const)(
  'S10: on %s a host whose clock runs ahead announces nothing early: the database tells the time',
  async (_name, open) => {
    const clocked = await open();
    const { store } = clocked;
    const stored = record('initialized', { matchedAt: await store.now() });
    await store.transact(async (tx) => {
      await tx.insertMatching(stored);
      await tx.mergeResults(stored.id, stored.newbie, {
        rate_avg_7d: '4.9', rate_avg_14d: null, avg_dp_7d: null, avg_dp_14d: null, sh_7d: null, sh_14d: null, correct_answers: null, passed_test_flg: null,
      });
    });
    const ports = { store, config, metrics: createMetrics(), newId: randomUUID };
    const announce = () => dispatch(ports, [{ matchingId: stored.id, event: { type: 'PROGRESS_ANNOUNCED', epoch: 1 } }], { actor: 'test' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30 * dayMs });
    expect(await announce()).toMatchObject([{ outcome: 'ignored' }]);
    clocked.passTime(7 * dayMs);
    expect(await announce()).toMatchObject([{ outcome: 'moved', to: 'in_progress' }]);
    vi.useRealTimers();
    await clocked.close();
  },
);
