// The machine's limit for the moves of the dispatch bench: the store's own schema and statements, the same rows, written by SQLite in
// groups, with nothing around them: no requests, no reads, no decisions.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { EventType, type LifecycleEvent } from '../../machines/events.ts';
import { parseMatchingId, personKey, type MatchingId } from '../../machines/ids.ts';
import type { Facts, MatchingRecord } from '../../machines/matching-record.ts';
import { step } from '../../machines/step.ts';
import { realTime } from '../../runtime/clock.ts';
import { announceTask, applicationTask } from '../../runtime/mentorship/effects.ts';
import { timeOrderedIds } from '../../runtime/new-id.ts';
import { matchColumns, movingColumns, packId, valuesOfMatching } from '../../runtime/store/sqlite/columns.ts';
import { matchingSql } from '../../runtime/store/sqlite/matchings.ts';
import { operatorSql, valuesOfAction } from '../../runtime/store/sqlite/operator-actions.ts';
import { OperatorAction } from '../../runtime/store.ts';
import { openSqliteStore } from '../../runtime/store/sqlite/store.ts';
import { taskSql } from '../../runtime/store/sqlite/tasks.ts';
import type { NewTask } from '../../runtime/tasks.ts';
import type { Turn } from './measure.ts';
import { driver, personOf } from './people.ts';

interface Asked {
  readonly matchings: number;
  readonly group: number;
}
type Write = readonly [sql: string, values: readonly SQLInputValue[]];

const policy = { progressAgeMs: 0, resultAgeMs: 0, failAgeMs: 0, failGraceMs: 0, latePromocodeReopens: true };
const mentor = driver(0);
const newId = timeOrderedIds();

const file = process.env['BENCH_FILE'] ?? '';
const { store } = openSqliteStore({ file, timescale: realTime });
await store.migrate();
await store.close();
const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
let drivers = 1;

process.on('message', (asked: Asked) => process.send?.(turn(asked)));
process.on('disconnect', () => database.close());
process.send?.({ kind: 'ready' });

function turn({ matchings, group }: Asked): Turn {
  const all = Array.from({ length: matchings }, () => movesOf((drivers += 1)));
  const prepared = new Map<string, StatementSync>(allSql.map((sql) => [sql, database.prepare(sql)]));
  const latenciesMs: number[] = [];
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
  for (let from = 0; from < all.length; from += group) {
    const together = all.slice(from, from + group);
    for (let move = 0; move < (together[0]?.length ?? 0); move += 1) {
      const beganMs = performance.now();
      database.exec('BEGIN IMMEDIATE');
      for (const moves of together) for (const [sql, values] of moves[move] ?? []) prepared.get(sql)?.run(...values);
      database.exec('COMMIT');
      for (const _ of together) latenciesMs.push(performance.now() - beganMs);
    }
  }
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  return { count: latenciesMs.length, ms, latenciesMs, cpuMs: (user + system) / 1_000 };
}

const allSql = [
  matchingSql.insert, matchingSql.move, matchingSql.update, matchingSql.insertTransition, matchingSql.claimPerson, taskSql.enqueue,
  operatorSql.putAction,
];

/** What each of the seven moves of one matching writes. */
function movesOf(index: number): Write[][] {
  const newbie = driver(index);
  const { udid } = personOf(newbie);
  const matchingId = parseMatchingId(newId()) as MatchingId;
  const now = Date.now();
  const events: LifecycleEvent[] = [
    { type: EventType.ENROLLED, matchingId, newbie, newbieUdid: udid },
    { type: EventType.APPLICATION_WRITTEN },
    { type: EventType.MATCHED, mentor, mentorUdid: null, connectedAt: now },
    { type: EventType.MATCH_ANNOUNCED, epoch: 1 },
    { type: EventType.PROGRESS_ANNOUNCED, epoch: 1 },
    { type: EventType.RESULT_ANNOUNCED, epoch: 1 },
    { type: EventType.DEADLINE_PASSED },
  ];
  let stored: MatchingRecord | null = null;
  return events.map((event, place) => {
    const facts: Facts = { now: now + place, hasProgress7d: true, hasProgress14d: true, policy };
    const moved = step(stored, event, facts);
    if (moved.outcome !== 'moved') throw new Error(`${event.type} does not move`);
    const writes = writesOf(stored, moved.record, event);
    stored = moved.record;
    return writes;
  });
}

function writesOf(stored: MatchingRecord | null, record: MatchingRecord, event: LifecycleEvent): Write[] {
  const id = packId(record.id);
  const { statusSince, status, epoch, version } = record;
  const from = stored?.status ?? null;
  const transition: Write = [
    matchingSql.insertTransition, [packId(newId()), id, statusSince, from, status, event.type, 'operator', epoch, version, 'bench'],
  ];
  if (stored === null) {
    const person = personKey(record.newbieUdid, [record.newbie]);
    const insert: Write = [matchingSql.insert, valuesOfMatching(record)];
    return [insert, transition, taskWrite(applicationTask(record)), [matchingSql.claimPerson, [person, id]]];
  }
  const [move, match] = [valuesOfMatching(record, movingColumns), valuesOfMatching(record, matchColumns)];
  const act = { action: OperatorAction.sendEvent, subject: event.type, matchingId: record.id };
  const action: Write = [
    operatorSql.putAction, valuesOfAction({ id: newId(), at: statusSince, actor: 'operator', ...act, reason: 'bench', outcome: 'moved' }),
  ];
  if (event.type !== EventType.MATCHED) return [[matchingSql.move, [...move, id, stored.version]], transition, action];
  const update: Write = [matchingSql.update, [...move, ...match, id, stored.version]];
  return [update, transition, action, taskWrite(announceTask(record.id, EventType.MATCH_ANNOUNCED, epoch))];
}

function taskWrite({ id, queue, matchingId, payload }: NewTask): Write {
  const now = Date.now();
  return [taskSql.enqueue, [id, queue, matchingId, payload, now, now]];
}
