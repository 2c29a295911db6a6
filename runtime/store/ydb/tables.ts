// The tables as YQL text, one list of statements per schema version. A version that has been released is never edited. Keys begin with
// a UUID, an opaque id of others or a hash bucket, so that no range of keys takes all writes; ids are Utf8, because YDB orders Uuid by
// shuffled bytes. Only key columns are NOT NULL: older servers know it for no others.
import type { Part } from './query.ts';

export interface Migration {
  readonly version: number;
  /** Each may be run again, and by two hosts at once. */
  readonly statements: readonly string[];
  readonly columns?: readonly AddedColumn[];
}

/** YDB knows no `ADD COLUMN IF NOT EXISTS`: a read of the column tells whether it is there. */
export interface AddedColumn {
  readonly statement: string;
  readonly proof: Part;
}

/** A table by itself, before any version of the schema. */
export const versionsTable = 'CREATE TABLE IF NOT EXISTS schema_versions (version Uint32 NOT NULL, applied_at Timestamp, PRIMARY KEY (version));';

const byLoad = (partitions: number): string =>
  `AUTO_PARTITIONING_BY_LOAD = ENABLED, AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = ${partitions}, AUTO_PARTITIONING_MAX_PARTITIONS_COUNT = 256`;
const expiring = 'TTL = Interval("PT0S") ON expire_at';
/** One partition per hash bucket from the start. */
const perBucketPartitions = 'PARTITION_AT_KEYS = (1, 2, 3, 4, 5, 6, 7)';

const figures = ['rate_avg_7d', 'rate_avg_14d', 'avg_dp_7d', 'avg_dp_14d', 'sh_7d', 'sh_14d', 'correct_answers', 'passed_test_flg']
  .map((field) => `${field} Utf8`)
  .join(', ');

/** Index partitions cannot be set when the index is made. */
function splitIndexes(table: string, indexes: readonly string[]): string[] {
  const settings = 'AUTO_PARTITIONING_BY_LOAD = ENABLED, AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = 4';
  return indexes.map((index) => `ALTER TABLE ${table} ALTER INDEX ${index} SET (${settings});`);
}

const base: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS matchings (
    id Utf8 NOT NULL, bucket Uint32, seq Int64, created_at Int64, updated_at Int64, version Int64, status Utf8, status_since Int64, epoch Int64,
    newbie_park_id Utf8, newbie_driver_id Utf8, newbie_udid Utf8, mentor_park_id Utf8, mentor_driver_id Utf8, mentor_udid Utf8, matched_at Int64,
    original_connected_dttm Int64, mentor_promocode Utf8, completed_at Int64, newbie_last_read_at Int64, mentor_last_read_at Int64, reached Int64,
    INDEX by_newbie GLOBAL SYNC ON (newbie_driver_id, newbie_park_id),
    INDEX by_mentor GLOBAL SYNC ON (mentor_driver_id, mentor_park_id),
    INDEX by_status GLOBAL SYNC ON (bucket, status, status_since, seq),
    INDEX by_matched GLOBAL SYNC ON (bucket, status, matched_at, seq),
    INDEX by_connected GLOBAL SYNC ON (bucket, original_connected_dttm),
    INDEX by_updated GLOBAL SYNC ON (bucket, updated_at, seq),
    PRIMARY KEY (id)
  ) WITH (${byLoad(4)});`,
  ...splitIndexes('matchings', ['by_newbie', 'by_mentor', 'by_status', 'by_matched', 'by_connected', 'by_updated']),
  `CREATE TABLE IF NOT EXISTS status_transitions (
    matching_id Utf8 NOT NULL, version Int64 NOT NULL, id Utf8, created_at Int64, \`from\` Utf8, \`to\` Utf8, event Utf8, actor Utf8, epoch Int64,
    reason Utf8, PRIMARY KEY (matching_id, version)
  ) WITH (${byLoad(4)});`,
  `CREATE TABLE IF NOT EXISTS results (
    matching_id Utf8 NOT NULL, newbie_park_id Utf8, newbie_driver_id Utf8, ${figures}, updated_at Int64, PRIMARY KEY (matching_id)
  ) WITH (${byLoad(2)});`,
  `CREATE TABLE IF NOT EXISTS results_history (
    matching_id Utf8 NOT NULL, epoch Int64 NOT NULL, newbie_park_id Utf8, newbie_driver_id Utf8, ${figures}, updated_at Int64,
    PRIMARY KEY (matching_id, epoch)
  ) WITH (${byLoad(1)});`,
  `CREATE TABLE IF NOT EXISTS persons (
    person Utf8 NOT NULL, matching_id Utf8, INDEX by_matching GLOBAL SYNC ON (matching_id), PRIMARY KEY (person)
  ) WITH (${byLoad(2)});`,
  `CREATE TABLE IF NOT EXISTS idempotency_keys (
    idempotency_key Utf8 NOT NULL, matching_id Utf8, created_at Timestamp, expire_at Timestamp,
    INDEX by_matching GLOBAL SYNC ON (matching_id), PRIMARY KEY (idempotency_key)
  ) WITH (${byLoad(1)}, ${expiring});`,
  `CREATE TABLE IF NOT EXISTS announcements (
    matching_id Utf8 NOT NULL, epoch Int64 NOT NULL, event Utf8 NOT NULL, recipient Utf8 NOT NULL, event_id Utf8, accepted_at Int64,
    PRIMARY KEY (matching_id, epoch, event, recipient)
  ) WITH (${byLoad(2)});`,
  `CREATE TABLE IF NOT EXISTS tasks (
    bucket Uint32 NOT NULL, id Utf8 NOT NULL, seq Int64, queue Utf8, matching_id Utf8, payload Utf8, state Utf8, attempt Uint32, fence Uint64,
    owner Utf8, visible_at Timestamp, last_error Utf8, created_at Uint64, updated_at Timestamp, expire_at Timestamp,
    INDEX by_due GLOBAL SYNC ON (bucket, queue, visible_at, seq),
    INDEX by_state GLOBAL SYNC ON (bucket, queue, state, created_at, seq) COVER (updated_at),
    INDEX by_matching GLOBAL SYNC ON (matching_id),
    PRIMARY KEY (bucket, id)
  ) WITH (${perBucketPartitions}, ${byLoad(8)}, ${expiring});`,
  ...splitIndexes('tasks', ['by_due', 'by_state', 'by_matching']),
  'CREATE TABLE IF NOT EXISTS locks (name Utf8 NOT NULL, owner Utf8, epoch Int64, expires_at Timestamp, PRIMARY KEY (name));',
  `CREATE TABLE IF NOT EXISTS job_runs (
    id Utf8 NOT NULL, job Utf8, started_at Int64, finished_at Int64, outcome Utf8, dry_run Bool, counts Utf8, error Utf8,
    INDEX by_started GLOBAL SYNC ON (started_at), INDEX by_job GLOBAL SYNC ON (job, started_at), PRIMARY KEY (id)
  );`,
  'CREATE TABLE IF NOT EXISTS import_state (name Utf8 NOT NULL, value Utf8, updated_at Timestamp, PRIMARY KEY (name));',
  `CREATE TABLE IF NOT EXISTS import_rejects (
    bucket Uint32 NOT NULL, id Utf8 NOT NULL, seq Int64, source Utf8, reason Utf8, detail Utf8, first_seen_at Int64,
    INDEX by_seen GLOBAL SYNC ON (bucket, first_seen_at, seq), INDEX by_source GLOBAL SYNC ON (bucket, source, first_seen_at, seq),
    PRIMARY KEY (bucket, id)
  ) WITH (${perBucketPartitions}, ${byLoad(8)});`,
  `CREATE TABLE IF NOT EXISTS pending_promocodes (
    entity Utf8 NOT NULL, promocode Utf8 NOT NULL, first_seen_at Int64,
    INDEX by_seen GLOBAL SYNC ON (first_seen_at), PRIMARY KEY (entity, promocode)
  );`,
  `CREATE TABLE IF NOT EXISTS tombstones (
    id Utf8 NOT NULL, bucket Uint32, seq Int64, deleted_at Int64, transition_ids Utf8,
    INDEX by_deleted GLOBAL SYNC ON (bucket, deleted_at, seq), PRIMARY KEY (id)
  ) WITH (${byLoad(1)});`,
  `CREATE TABLE IF NOT EXISTS status_counts (
    id Utf8 NOT NULL, status Utf8 NOT NULL, reached Int64, present Int64, PRIMARY KEY (id, status)
  ) WITH (${byLoad(2)});`,
  `CREATE TABLE IF NOT EXISTS tx_markers (
    id Utf8 NOT NULL, committed Bool, expire_at Timestamp, PRIMARY KEY (id)
  ) WITH (${byLoad(4)}, ${expiring});`,
];

// A person's doings are few: no buckets.
const operators: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS operator_actions (
    id Utf8 NOT NULL, at Int64, actor Utf8, action Utf8, subject Utf8, matching_id Utf8, reason Utf8, outcome Utf8,
    INDEX by_at GLOBAL SYNC ON (at), INDEX by_matching GLOBAL SYNC ON (matching_id, at), PRIMARY KEY (id)
  );`,
];

const refusals: AddedColumn = {
  statement: 'ALTER TABLE tasks ADD COLUMN refusals Uint32;',
  proof: { name: 'tasks_have_refusals', parameters: {}, body: 'SELECT refusals FROM tasks LIMIT 1;', sets: 1 },
};

export const migrations: readonly Migration[] = [
  { version: 1, statements: base },
  { version: 2, statements: operators },
  { version: 3, statements: [], columns: [refusals] },
];
