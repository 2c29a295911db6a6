// What jobs write down about themselves: their runs, the rows they could not use, and how far they have come.
import type { JobRunRecord, Page, PageRequest, RejectRecord } from '../../store.ts';
import { countsFrom } from '../counts.ts';
import { readInteger, readIntegerOrNull, readText, readTextOrNull } from './columns.ts';
import type { Row } from './database.ts';
import { newestFirst, pageOf, positionOf } from './paging.ts';
import type { Session } from './session.ts';

const run = 'seq, id, job, started_at, finished_at, outcome, dry_run, counts, error';
const reject = 'seq, id, source, reason, detail, first_seen_at';

export const journalSql = {
  runs: `SELECT ${run} FROM job_runs WHERE (started_at, seq) < (?, ?) ORDER BY started_at DESC, seq DESC LIMIT ?`,
  runsOfJob: `SELECT ${run} FROM job_runs WHERE job = ? AND (started_at, seq) < (?, ?) ORDER BY started_at DESC, seq DESC LIMIT ?`,
  putRun: `INSERT INTO job_runs (id, job, started_at, finished_at, outcome, dry_run, counts, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET job = excluded.job, started_at = excluded.started_at, finished_at = excluded.finished_at,
    outcome = excluded.outcome, dry_run = excluded.dry_run, counts = excluded.counts, error = excluded.error`,
  rejects: `SELECT ${reject} FROM import_rejects WHERE (first_seen_at, seq) < (?, ?) ORDER BY first_seen_at DESC, seq DESC LIMIT ?`,
  rejectsOfSource: `SELECT ${reject} FROM import_rejects WHERE source = ? AND (first_seen_at, seq) < (?, ?)
    ORDER BY first_seen_at DESC, seq DESC LIMIT ?`,
  insertReject: `INSERT INTO import_rejects (id, source, reason, detail, first_seen_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING`,
  state: 'SELECT value FROM import_state WHERE name = ?',
  putState: `INSERT INTO import_state (name, value, updated_at) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
} as const;

/** Newest first. */
export function selectJobRuns(session: Session, filter: { job?: string }, page: PageRequest): Page<JobRunRecord> {
  const position = positionOf(page, newestFirst);
  const rows = filter.job === undefined
    ? session.all(journalSql.runs, ...position, page.limit + 1)
    : session.all(journalSql.runsOfJob, filter.job, ...position, page.limit + 1);
  return pageOf(rows, page.limit, jobRunFrom, (row) => [readInteger(row, 'started_at'), readInteger(row, 'seq')]);
}

export function putJobRun(session: Session, record: JobRunRecord): void {
  const { id, job, startedAt, finishedAt, outcome, dryRun, counts, error } = record;
  session.run(journalSql.putRun, id, job, startedAt, finishedAt, outcome, dryRun ? 1 : 0, JSON.stringify(counts), error);
}

function jobRunFrom(row: Row): JobRunRecord {
  return {
    id: readText(row, 'id'),
    job: readText(row, 'job'),
    startedAt: readInteger(row, 'started_at'),
    finishedAt: readIntegerOrNull(row, 'finished_at'),
    outcome: readText(row, 'outcome'),
    dryRun: readInteger(row, 'dry_run') === 1,
    counts: countsFrom(readText(row, 'counts')),
    error: readTextOrNull(row, 'error'),
  };
}

/** Newest first. */
export function selectRejects(session: Session, filter: { source?: string }, page: PageRequest): Page<RejectRecord> {
  const position = positionOf(page, newestFirst);
  const rows = filter.source === undefined
    ? session.all(journalSql.rejects, ...position, page.limit + 1)
    : session.all(journalSql.rejectsOfSource, filter.source, ...position, page.limit + 1);
  return pageOf(rows, page.limit, rejectFrom, (row) => [readInteger(row, 'first_seen_at'), readInteger(row, 'seq')]);
}

export function insertRejects(session: Session, records: readonly RejectRecord[]): void {
  for (const { id, source, reason, detail, firstSeenAt } of records) {
    session.run(journalSql.insertReject, id, source, reason, detail, firstSeenAt);
  }
}

function rejectFrom(row: Row): RejectRecord {
  return {
    id: readText(row, 'id'),
    source: readText(row, 'source'),
    reason: readText(row, 'reason'),
    detail: readText(row, 'detail'),
    firstSeenAt: readInteger(row, 'first_seen_at'),
  };
}

export function jobState(session: Session, name: string): string | null {
  const row = session.get(journalSql.state, name);
  return row === null ? null : readText(row, 'value');
}

export function putJobState(session: Session, name: string, value: string): void {
  session.run(journalSql.putState, name, value, session.now);
}
