// The tables as SQL text, one list of statements per schema version. A version that has been released is never edited; so the
// enumerations stand here as they were then, not imported from code that may grow.
import { retention } from './retention-tables.ts';

export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** For SQLite `IN` is dearer: it builds the list anew for every row that is written. */
function isOneOf(column: string, values: readonly string[]): string {
  return `(${values.map((value) => `${column} = '${value}'`).join(' OR ')})`;
}

/** The text of a UUID kept as its 16 bytes, computed when it is read; an id that is no UUID is kept as its text. */
function textOfId(column: string): string {
  const digits = [[1, 8], [9, 4], [13, 4], [17, 4], [21, 12]].map(([from, length]) => `substr(hex(${column}), ${from}, ${length})`);
  return `TEXT GENERATED ALWAYS AS (iif(typeof(${column}) = 'blob', lower(${digits.join(` || '-' || `)}), ${column})) VIRTUAL`;
}

/** The bytes of an id that was kept as the text of a UUID. */
function packed(column: string): string {
  return `coalesce(unhex(replace(${column}, '-', '')), ${column})`;
}

const statuses = ['created', 'requested', 'matched', 'initialized', 'in_progress', 'finished', 'succeed', 'failed'];
const isStatus = (column: string): string => isOneOf(column, statuses);
const events = [
  'ENROLLED', 'APPLICATION_WRITTEN', 'MATCHED', 'MATCH_ANNOUNCED', 'PROGRESS_ANNOUNCED', 'RESULT_ANNOUNCED', 'PROMOCODE_ANNOUNCED',
  'DEADLINE_PASSED',
];
const figures = ['rate_avg_7d', 'rate_avg_14d', 'avg_dp_7d', 'avg_dp_14d', 'sh_7d', 'sh_14d', 'correct_answers', 'passed_test_flg']
  .map((field) => `${field} TEXT`)
  .join(', ');

// `uuid` and `matching` hold the bytes of what `id` and `matching_id` show, and `packed_event_id` leaves out the matching's id it begins
// with: a matching with all its rows has to fit into 2 KB.
const base: readonly string[] = [
  `CREATE TABLE matchings (
    seq INTEGER PRIMARY KEY,
    uuid ANY NOT NULL UNIQUE,
    id ${textOfId('uuid')},
    created_at INTEGER NOT NULL,
    matched_at INTEGER,
    mentor_park_id TEXT,
    mentor_driver_id TEXT,
    newbie_park_id TEXT NOT NULL,
    newbie_driver_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK ${isStatus('status')},
    mentor_promocode TEXT,
    completed_at INTEGER,
    original_connected_dttm INTEGER,
    newbie_last_read_at INTEGER,
    mentor_last_read_at INTEGER,
    newbie_udid TEXT,
    mentor_udid TEXT,
    version INTEGER NOT NULL CHECK (version > 0),
    updated_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    status_since INTEGER NOT NULL,
    CHECK ((mentor_park_id IS NULL) = (mentor_driver_id IS NULL))
  ) STRICT`,
  // A profile's driver id is all but unique, so the park is compared in the row and kept out of the index.
  'CREATE INDEX matchings_newbie ON matchings (newbie_driver_id)',
  'CREATE INDEX matchings_mentor ON matchings (mentor_driver_id) WHERE mentor_driver_id IS NOT NULL',
  'CREATE INDEX matchings_status_since ON matchings (status, status_since)',
  'CREATE INDEX matchings_matched_at ON matchings (status, matched_at) WHERE matched_at IS NOT NULL',
  'CREATE INDEX matchings_connected ON matchings (original_connected_dttm) WHERE original_connected_dttm IS NOT NULL',
  `CREATE TABLE status_transitions (
    matching ANY NOT NULL REFERENCES matchings (uuid),
    version INTEGER NOT NULL,
    uuid ANY NOT NULL,
    id ${textOfId('uuid')},
    matching_id ${textOfId('matching')},
    created_at INTEGER NOT NULL,
    "from" TEXT CHECK ${isStatus('"from"')},
    "to" TEXT NOT NULL CHECK ${isStatus('"to"')},
    event TEXT NOT NULL CHECK ${isOneOf('event', events)},
    actor TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (matching, version)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE results (
    matching ANY NOT NULL PRIMARY KEY REFERENCES matchings (uuid),
    matching_id ${textOfId('matching')},
    newbie_park_id TEXT NOT NULL,
    newbie_driver_id TEXT NOT NULL,
    ${figures},
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE results_history (
    matching ANY NOT NULL REFERENCES matchings (uuid),
    epoch INTEGER NOT NULL,
    matching_id ${textOfId('matching')},
    newbie_park_id TEXT NOT NULL,
    newbie_driver_id TEXT NOT NULL,
    ${figures},
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (matching, epoch)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE persons (
    person TEXT NOT NULL PRIMARY KEY,
    matching ANY NOT NULL,
    matching_id ${textOfId('matching')}
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE idempotency_keys (
    idempotency_key TEXT NOT NULL PRIMARY KEY,
    matching ANY NOT NULL,
    matching_id ${textOfId('matching')},
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE announcements (
    matching ANY NOT NULL REFERENCES matchings (uuid),
    epoch INTEGER NOT NULL,
    event TEXT NOT NULL CHECK ${isOneOf('event', events)},
    recipient TEXT NOT NULL CHECK (recipient IN ('newbie', 'mentor')),
    matching_id ${textOfId('matching')},
    packed_event_id TEXT NOT NULL,
    event_id TEXT GENERATED ALWAYS AS (iif(substr(packed_event_id, 1, 1) = '~', matching_id, '') || substr(packed_event_id, 2)) VIRTUAL,
    accepted_at INTEGER NOT NULL,
    PRIMARY KEY (matching, epoch, event, recipient)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL CHECK (queue IN ('create_application', 'announce')),
    matching_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK ${isOneOf('state', ['pending', 'running', 'done', 'dead'])},
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    fence INTEGER NOT NULL,
    owner TEXT,
    visible_at_ms INTEGER NOT NULL,
    last_error TEXT,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX tasks_due ON tasks (queue, visible_at_ms) WHERE state IN ('pending', 'running')`,
  'CREATE INDEX tasks_state ON tasks (queue, state, created_at_ms)',
  'CREATE INDEX tasks_matching ON tasks (matching_id)',
  `CREATE INDEX tasks_done ON tasks (updated_at_ms) WHERE state = 'done'`,
  `CREATE TABLE locks (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE job_runs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'cancelled')),
    dry_run INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
    counts TEXT NOT NULL,
    error TEXT
  ) STRICT`,
  'CREATE INDEX job_runs_started ON job_runs (started_at)',
  'CREATE INDEX job_runs_job ON job_runs (job, started_at)',
  `CREATE TABLE import_state (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE import_rejects (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX import_rejects_seen ON import_rejects (first_seen_at)',
  'CREATE INDEX import_rejects_source ON import_rejects (source, first_seen_at)',
  `CREATE TABLE pending_promocodes (
    entity TEXT NOT NULL,
    promocode TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    PRIMARY KEY (entity, promocode)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX pending_promocodes_seen ON pending_promocodes (first_seen_at, entity, promocode)',
];

// The funnel in eight rows: counting millions of transitions would stop the event loop. `reached` counts a matching once, however
// often a rematch brings it back, and stays when the matching is archived.
const funnel: readonly string[] = [
  `CREATE TABLE status_counts (
    status TEXT NOT NULL PRIMARY KEY CHECK ${isStatus('status')},
    reached INTEGER NOT NULL,
    present INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  ...statuses.map((each) => `INSERT INTO status_counts VALUES ('${each}',
    (SELECT count(DISTINCT matching) FROM status_transitions WHERE "to" = '${each}'),
    (SELECT count(*) FROM matchings WHERE status = '${each}'))`),
  `CREATE TRIGGER status_reached AFTER INSERT ON status_transitions
    WHEN NOT EXISTS (SELECT 1 FROM status_transitions
      WHERE matching = new.matching AND "to" = new."to" AND version <> new.version)
    BEGIN UPDATE status_counts SET reached = reached + 1 WHERE status = new."to"; END`,
  `CREATE TRIGGER status_present_new AFTER INSERT ON matchings
    BEGIN UPDATE status_counts SET present = present + 1 WHERE status = new.status; END`,
  `CREATE TRIGGER status_present_gone AFTER DELETE ON matchings
    BEGIN UPDATE status_counts SET present = present - 1 WHERE status = old.status; END`,
  `CREATE TRIGGER status_present_moved AFTER UPDATE OF status ON matchings WHEN new.status <> old.status BEGIN
    UPDATE status_counts SET present = present - 1 WHERE status = old.status;
    UPDATE status_counts SET present = present + 1 WHERE status = new.status;
  END`,
];

// The record of what operators did outlives the matching: it has no reference to it.
const operators: readonly string[] = [
  `CREATE TABLE operator_actions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('send_event', 'retry_task', 'run_job', 'dry_run_job', 'preview')),
    subject TEXT NOT NULL,
    matching_id TEXT,
    reason TEXT,
    outcome TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX operator_actions_at ON operator_actions (at)',
  'CREATE INDEX operator_actions_matching ON operator_actions (matching_id, at) WHERE matching_id IS NOT NULL',
];

const refusals: readonly string[] = ['ALTER TABLE tasks ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0 CHECK (refusals >= 0)'];

// In the order of time, without an index over the ids: they are at random, and each would write a page of its own.
const orderedActions: readonly string[] = [
  'ALTER TABLE operator_actions RENAME TO former_actions',
  `CREATE TABLE operator_actions (
    at INTEGER NOT NULL,
    uuid ANY NOT NULL,
    id ${textOfId('uuid')},
    actor TEXT NOT NULL,
    action TEXT NOT NULL CHECK ${isOneOf('action', ['send_event', 'retry_task', 'run_job', 'dry_run_job', 'preview'])},
    subject TEXT NOT NULL,
    matching ANY,
    matching_id ${textOfId('matching')},
    reason TEXT,
    outcome TEXT NOT NULL,
    PRIMARY KEY (at, uuid)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO operator_actions (at, uuid, actor, action, subject, matching, reason, outcome)
    SELECT at, ${packed('id')}, actor, action, subject, ${packed('matching_id')}, reason, outcome FROM former_actions`,
  'DROP TABLE former_actions',
  'CREATE INDEX operator_actions_of_matching ON operator_actions (matching, at) WHERE matching IS NOT NULL',
];

export const migrations: readonly Migration[] = [
  { version: 1, statements: base },
  { version: 2, statements: funnel },
  { version: 3, statements: retention },
  { version: 4, statements: operators },
  { version: 5, statements: refusals },
  { version: 6, statements: orderedActions },
];
