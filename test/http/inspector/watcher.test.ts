// A watcher slower than the news, and a tail faster than the reader.
import { expect, test } from 'vitest';
import { parseMatchingId } from '../../../machines/ids.ts';
import { createLog } from '../../../runtime/log.ts';
import type { TransitionRecord } from '../../../runtime/store.ts';
import type { Moves } from '../../../http/inspector/own-frames.ts';
import { Tail } from '../../../http/inspector/tail.ts';
import { Watcher } from '../../../http/inspector/watcher.ts';
import { aMatchingId, transitionRecord } from '../../suites/records.ts';

function slowSocket() {
  const sent: string[] = [];
  return {
    sent,
    buffered: 0,
    send(frame: unknown) {
      sent.push(String(frame));
      return 1;
    },
    getBufferedAmount() {
      return this.buffered;
    },
    end: () => undefined,
  };
}

const everything = { topics: [{ kind: 'machine', machine: 'matching' }], dialect: 'own', history: 0 } as const;

function watching(socket: ReturnType<typeof slowSocket>): Watcher {
  const watcher = new Watcher(socket);
  watcher.turnTo(everything);
  watcher.release(new Set());
  return watcher;
}

function news(count = 1): Moves {
  return { moves: Array.from({ length: count }, () => transitionRecord(aMatchingId())), skipped: false };
}

test('a slow watcher is dropped to a resync, not buffered without end', () => {
  const socket = slowSocket();
  const watcher = watching(socket);
  socket.buffered = 2_000_000;
  for (let count = 0; count < 100; count += 1) watcher.sendMoves(news());
  expect(socket.sent).toEqual([]);
  expect(watcher.drained()).toBe(false);
  socket.buffered = 0;
  expect(watcher.drained()).toBe(true);
  expect(socket.sent).toEqual([JSON.stringify({ type: '@mentorship.resync' })]);
  watcher.sendMoves(news());
  expect(socket.sent).toHaveLength(2);
});

test('a closed socket is never touched again', () => {
  const socket = slowSocket();
  const watcher = watching(socket);
  watcher.closed();
  watcher.sendMoves(news());
  watcher.end(1001, 'late');
  expect([socket.sent, watcher.drained()]).toEqual([[], false]);
});

test('news that come while a history is read wait for it, and what it told is not told twice', () => {
  const socket = slowSocket();
  const watcher = new Watcher(socket);
  watcher.turnTo(everything);
  const { moves } = news(2);
  watcher.sendMoves({ moves, skipped: false });
  expect(socket.sent).toEqual([]);
  watcher.release(new Set([moves[0]?.id ?? '']));
  expect(socket.sent.map((frame) => (JSON.parse(frame) as { moves: { id: string }[] }).moves.map(({ id }) => id))).toEqual([[moves[1]?.id]]);
});

test('a burst is one frame: each arrow with its count, the latest moves whole', () => {
  const socket = slowSocket();
  watching(socket).sendMoves(news(300));
  const frame = JSON.parse(socket.sent[0] ?? '') as { edges: Record<string, number>; moves: unknown[] };
  expect([socket.sent.length, frame.edges, frame.moves.length]).toEqual([1, { 'matching.absent ENROLLED matching.created': 300 }, 50]);
});

/** A store whose moves appear when the test says so, with whatever moment. */
function follow(rate = 1) {
  const state = { now: 1_000_000, rows: [] as TransitionRecord[], reads: 0 };
  const told: Moves[] = [];
  const tail = new Tail({
    rate,
    log: createLog('silent'),
    store: { now: async () => state.now },
    retention: {
      changedTransitions: async (since, { limit, cursor }) => {
        state.reads += 1;
        const from = Number(cursor ?? 0);
        const found = state.rows.filter(({ createdAt }) => createdAt >= since).sort((a, b) => a.createdAt - b.createdAt);
        return { items: found.slice(from, from + limit), nextCursor: found.length > from + limit ? String(from + limit) : null };
      },
    },
  }, (moves) => told.push(moves));
  return { state, told, tail };
}

const id = parseMatchingId('6f3f1c62-5a0e-4c0e-9a35-3f0f6c1d2b4a')!;

test('a transaction that commits late, with an earlier moment than one already seen, is told', async () => {
  const { state, told, tail } = follow();
  await tail.start();
  state.rows.push(transitionRecord(id, { createdAt: state.now + 100 }));
  await expect.poll(() => told.length).toBe(1);
  state.rows.push(transitionRecord(id, { createdAt: state.now - 3_000, version: 2 }));
  await expect.poll(() => told.length).toBe(2);
  tail.stop();
  expect(told.flatMap(({ moves }) => moves.map(({ version }) => version))).toEqual([1, 2]);
});

test('more moves than can be followed are left out and said to be, and the tail keeps up', async () => {
  const { state, told, tail } = follow();
  await tail.start();
  for (let count = 0; count < 10_000; count += 1) state.rows.push(transitionRecord(id, { createdAt: state.now + count }));
  state.now += 10_000;
  await expect.poll(() => told.some(({ skipped }) => skipped)).toBe(true);
  const last = transitionRecord(id, { createdAt: state.now, version: 99 });
  state.rows.push(last);
  await expect.poll(() => told.flatMap(({ moves }) => moves).some((move) => move.id === last.id), { timeout: 5_000 }).toBe(true);
  tail.stop();
  const ids = told.flatMap(({ moves }) => moves.map((move) => move.id));
  expect(new Set(ids).size).toBe(ids.length);
});
