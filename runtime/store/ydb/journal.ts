// What jobs write down about themselves, for operators: their runs and the rows they could not use. Newest first.
import type { JobRunRecord, Page, PageRequest, RejectRecord } from '../../store.ts';
import { countsFrom } from '../counts.ts';
import { bucketedList, pageOfList } from './bucketed-page.ts';
import { readInteger, readIntegerOrNull, readText, readTextOrNull } from './columns.ts';
import { newestFirst, pageOf, positionOf } from './paging.ts';
import { bind, type Part } from './query.ts';
import type { ReadSet } from './read-set.ts';
import type { Row, TypeName } from './values.ts';

const runColumns = 'id, job, started_at, finished_at, outcome, dry_run, counts, error';

/** A few runs a minute at most: these indexes need no buckets. */
function runPage(name: string, view: string, equal: Readonly<Record<string, TypeName>>): Part {
  const conditions = Object.keys(equal).map((column) => `${column} = $${column} AND `).join('');
  const order = [...Object.keys(equal), 'started_at', 'id'].map((column) => `${column} DESC`).join(', ');
  return {
    name,
    parameters: { ...equal, after_at: 'Int64', after_id: 'Utf8', page_limit: 'Uint64' },
    body: `SELECT ${runColumns} FROM job_runs VIEW ${view}
WHERE ${conditions}(started_at, id) < ($after_at, $after_id) ORDER BY ${order} LIMIT $page_limit;`,
    sets: 1,
  };
}

export const journalParts = {
  runs: runPage('runs', 'by_started', {}),
  runsOfJob: runPage('runs_of_job', 'by_job', { job: 'Utf8' }),
} as const;

const reject = {
  table: 'import_rejects', columns: 'id, seq, source, reason, detail, first_seen_at', at: 'first_seen_at', descending: true,
} as const;
export const journalLists = {
  rejects: bucketedList({ name: 'rejects', view: 'by_seen', ...reject }),
  rejectsOfSource: bucketedList({ name: 'rejects_of_source', view: 'by_source', equal: { source: 'Utf8' }, ...reject }),
} as const;

export async function selectJobRuns(reads: ReadSet, { job }: { job?: string }, page: PageRequest): Promise<Page<JobRunRecord>> {
  const [at, , id] = positionOf(page, newestFirst);
  const place = { after_at: at, after_id: id, page_limit: page.limit + 1 };
  const bound = job === undefined ? bind(journalParts.runs, place) : bind(journalParts.runsOfJob, { ...place, job });
  const { parts } = await reads.query([bound]);
  return pageOf(parts[0]?.[0] ?? [], page.limit, jobRunFrom, (row) => [readInteger(row, 'started_at'), 0, readText(row, 'id')]);
}

function jobRunFrom(row: Row): JobRunRecord {
  return {
    id: readText(row, 'id'),
    job: readText(row, 'job'),
    startedAt: readInteger(row, 'started_at'),
    finishedAt: readIntegerOrNull(row, 'finished_at'),
    outcome: readText(row, 'outcome'),
    dryRun: row['dry_run'] === true,
    counts: countsFrom(readText(row, 'counts')),
    error: readTextOrNull(row, 'error'),
  };
}

export function selectRejects(reads: ReadSet, { source }: { source?: string }, page: PageRequest): Promise<Page<RejectRecord>> {
  return source === undefined
    ? pageOfList(reads, journalLists.rejects, { values: {}, page }, rejectFrom)
    : pageOfList(reads, journalLists.rejectsOfSource, { values: { source }, page }, rejectFrom);
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
