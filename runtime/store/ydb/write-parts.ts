// The statements of a transaction's one writing query: a part per kind of row, each taking all rows of its kind at once. What a row
// depends on was read in the same transaction before, or is looked up by the statement itself.
import { fieldsOfMatching, fieldsOfTransition, matchingShape, transitionShape } from './columns.ts';
import { bucketOf } from './buckets.ts';
import { bind, type BoundPart, type Part } from './query.ts';
import { fieldsOfOperatorAction, operatorActionShape } from './operator-actions.ts';
import { announcementShape, fieldsOfAnnouncement, fieldsOfResult, resultShape } from './result-columns.ts';
import type { Cell, Fields, Row, Shape, Value } from './values.ts';
import type { ForgottenRows, StatusDeltas, Writes } from './writes.ts';

function list(shape: Shape): string {
  return Object.keys(shape).join(', ');
}

/** Stores every row as it is given. */
function rows(name: string, table: string, shape: Shape, verb: 'UPSERT' | 'INSERT' = 'UPSERT'): Part {
  const body = `${verb} INTO ${table} (${list(shape)}) SELECT ${list(shape)} FROM AS_TABLE($${name});`;
  return { name, parameters: { [name]: shape }, body, sets: 0 };
}

/** Stores the rows whose key is not there yet: the first one stays. */
function absentRows(name: string, table: string, shape: Shape, key: readonly string[]): Part {
  const selected = Object.keys(shape).map((column) => `r.${column} AS ${column}`).join(', ');
  const joined = key.map((column) => `t.${column} = r.${column}`).join(' AND ');
  const body = `UPSERT INTO ${table} (${list(shape)}) SELECT ${selected}
FROM AS_TABLE($${name}) AS r LEFT JOIN ${table} AS t ON ${joined} WHERE t.${key[0]} IS NULL;`;
  return { name, parameters: { [name]: shape }, body, sets: 0 };
}

function keys(name: string, table: string, shape: Shape): Part {
  const body = `DELETE FROM ${table} ON SELECT ${list(shape)} FROM AS_TABLE($${name});`;
  return { name, parameters: { [name]: shape }, body, sets: 0 };
}

const promocodeKey = { entity: 'Utf8', promocode: 'Utf8' } as const;
const taskShape = { bucket: 'Uint32', id: 'Utf8', seq: 'Int64', queue: 'Utf8', matching_id: 'Utf8', payload: 'Utf8', delay: 'Interval' } as const;
const given = Object.keys(taskShape).map((column) => `r.${column} AS ${column}`).join(', ');
const transitionSource = list(transitionShape);
const transitionTarget = transitionSource.replace('from_status', '`from`').replace('to_status', '`to`');
const transitionRenamed = transitionSource.replace('from_status', 'from_status AS `from`').replace('to_status', 'to_status AS `to`');
const keptKeys = 'Interval("P30D")';
const keptMarkers = 'Interval("P1D")';

export const writeParts = {
  // A second row under an id is refused by the database, which fails the query.
  newMatchings: rows('new_matchings', 'matchings', matchingShape, 'INSERT'),
  changedMatchings: rows('changed_matchings', 'matchings', matchingShape),
  touched: {
    name: 'touched_matchings',
    parameters: { touched_matchings: { id: 'Utf8', updated_at: 'Int64' } },
    body: 'UPDATE matchings ON SELECT id, updated_at FROM AS_TABLE($touched_matchings);',
    sets: 0,
  },
  transitions: {
    name: 'new_transitions',
    parameters: { new_transitions: transitionShape },
    body: `INSERT INTO status_transitions (${transitionTarget})
SELECT ${transitionRenamed} FROM AS_TABLE($new_transitions);`,
    sets: 0,
  },
  results: rows('changed_results', 'results', resultShape),
  retired: keys('retired_results', 'results', { matching_id: 'Utf8' }),
  history: rows('history', 'results_history', { epoch: 'Int64', ...resultShape }),
  persons: rows('claimed_persons', 'persons', { person: 'Utf8', matching_id: 'Utf8' }),
  keys: {
    name: 'new_keys',
    parameters: { new_keys: { idempotency_key: 'Utf8', matching_id: 'Utf8' } },
    body: `UPSERT INTO idempotency_keys (idempotency_key, matching_id, created_at, expire_at)
SELECT idempotency_key, matching_id, $now AS created_at, $now + ${keptKeys} AS expire_at FROM AS_TABLE($new_keys);`,
    sets: 0,
  },
  announcements: absentRows('new_announcements', 'announcements', announcementShape, ['matching_id', 'epoch', 'event', 'recipient']),
  promocodes: absentRows('new_promocodes', 'pending_promocodes', { ...promocodeKey, first_seen_at: 'Int64' }, ['entity', 'promocode']),
  takenPromocodes: keys('taken_promocodes', 'pending_promocodes', promocodeKey),
  rejects: absentRows('new_rejects', 'import_rejects', {
    bucket: 'Uint32', id: 'Utf8', seq: 'Int64', source: 'Utf8', reason: 'Utf8', detail: 'Utf8', first_seen_at: 'Int64',
  }, ['bucket', 'id']),
  states: {
    name: 'new_states',
    parameters: { new_states: { name: 'Utf8', value: 'Utf8' } },
    body: 'UPSERT INTO import_state (name, value, updated_at) SELECT name, value, $now AS updated_at FROM AS_TABLE($new_states);',
    sets: 0,
  },
  runs: rows('changed_runs', 'job_runs', {
    id: 'Utf8', job: 'Utf8', started_at: 'Int64', finished_at: 'Int64?', outcome: 'Utf8', dry_run: 'Bool', counts: 'Utf8', error: 'Utf8?',
  }),
  operatorActions: rows('operator_action', 'operator_actions', operatorActionShape),
  // Answers the tasks that wait, run or are dead, which stay as they are. A finished one starts anew and keeps its fence, so that its
  // former holder is fenced off.
  tasks: {
    name: 'new_tasks',
    parameters: { new_tasks: taskShape },
    body: `$new_tasks_found = (SELECT ${given}, t.state AS state, t.fence AS fence
FROM AS_TABLE($new_tasks) AS r LEFT JOIN tasks AS t ON t.bucket = r.bucket AND t.id = r.id);
SELECT id FROM $new_tasks_found WHERE state IS NOT NULL AND state != 'done'u;
UPSERT INTO tasks (bucket, id, seq, queue, matching_id, payload, state, attempt, refusals, fence, owner,
last_error, visible_at, expire_at, created_at, updated_at)
SELECT bucket, id, seq, queue, matching_id, payload, 'pending'u AS state, 0u AS attempt, 0u AS refusals, COALESCE(fence, 0ul) AS fence,
Nothing(Utf8?) AS owner,
Nothing(Utf8?) AS last_error, $now + delay AS visible_at, Nothing(Timestamp?) AS expire_at, CAST($now AS Uint64) AS created_at, $now AS updated_at
FROM $new_tasks_found WHERE state IS NULL OR state = 'done'u;`,
    sets: 1,
  },
  tombstones: rows('new_tombstones', 'tombstones', {
    id: 'Utf8', bucket: 'Uint32', seq: 'Int64', deleted_at: 'Int64', transition_ids: 'Utf8',
  }),
  droppedTombstones: keys('dropped_tombstones', 'tombstones', { id: 'Utf8' }),
  goneMatchings: keys('gone_matchings', 'matchings', { id: 'Utf8' }),
  goneTransitions: keys('gone_transitions', 'status_transitions', { matching_id: 'Utf8', version: 'Int64' }),
  goneResults: keys('gone_results', 'results', { matching_id: 'Utf8' }),
  goneHistory: keys('gone_history', 'results_history', { matching_id: 'Utf8', epoch: 'Int64' }),
  goneAnnouncements: keys('gone_announcements', 'announcements', {
    matching_id: 'Utf8', epoch: 'Int64', event: 'Utf8', recipient: 'Utf8',
  }),
  goneGuards: keys('gone_guards', 'persons', { person: 'Utf8' }),
  goneKeys: keys('gone_keys', 'idempotency_keys', { idempotency_key: 'Utf8' }),
  goneTasks: keys('gone_tasks', 'tasks', { bucket: 'Uint32', id: 'Utf8' }),
  counts: rows('count_deltas', 'status_counts', { id: 'Utf8', status: 'Utf8', reached: 'Int64', present: 'Int64' }),
  // INSERT reads its key first: whoever stores the same id before the commit makes the commit fail (see markers.ts).
  marker: {
    name: 'marker',
    parameters: { marker: 'Utf8' },
    body: `INSERT INTO tx_markers (id, committed, expire_at) VALUES ($marker, true, $now + ${keptMarkers});`,
    sets: 0,
  },
} as const satisfies Record<string, Part>;

type RowPart = Exclude<keyof typeof writeParts, 'marker'>;

export interface Stamp {
  readonly marker: string;
  readonly deltas: StatusDeltas;
  readonly nextSeq: () => number;
}

/** The parts with rows to write, the marker among them; none when there is nothing to write. */
export function boundWrites(writes: Writes, stamp: Stamp): BoundPart[] {
  const parts: BoundPart[] = [];
  for (const { part, from, rowsOf } of sources) {
    if (sizeOf(from === 'deltas' ? stamp.deltas : writes[from]) === 0) continue;
    const fields = rowsOf(writes, stamp);
    if (fields.length > 0) parts.push(bind(part, { [part.name]: fields }));
  }
  if (parts.length > 0) parts.push(bind(writeParts.marker, { marker: stamp.marker }));
  return parts;
}

function sizeOf(source: Writes[keyof Writes] | StatusDeltas): number {
  return 'size' in source ? source.size : source.length;
}

interface Source {
  /** What it is made of: nothing of it, no rows. */
  readonly from: Exclude<keyof Writes, 'leases'> | 'deltas';
  readonly rowsOf: (writes: Writes, stamp: Stamp) => Fields[];
}

function matchingRows(isNew: boolean): Source {
  return {
    from: 'matchings',
    rowsOf: ({ matchings }) => [...matchings.values()].filter(({ expectedVersion }) => (expectedVersion === null) === isNew).map(fieldsOfMatching),
  };
}

function forgottenRows(kind: Exclude<keyof ForgottenRows, 'status' | 'deletedAt'>, columns: readonly string[]): Source {
  return {
    from: 'forgotten',
    rowsOf: ({ forgotten }) => [...forgotten.values()].flatMap((rowsOfOne) => rowsOfOne[kind].map((row) => keyFields(row, columns))),
  };
}

/** In the order in which their parts stand in the query. */
const sourceOf: Readonly<Record<RowPart, Source>> = {
  newMatchings: matchingRows(true),
  changedMatchings: matchingRows(false),
  touched: { from: 'touched', rowsOf: ({ touched }) => Array.from(touched, ([id, at]) => ({ id, updated_at: at })) },
  droppedTombstones: { from: 'droppedTombstones', rowsOf: ({ droppedTombstones }) => Array.from(droppedTombstones, (id) => ({ id })) },
  tombstones: {
    from: 'forgotten',
    rowsOf: ({ forgotten }, { nextSeq }) => Array.from(forgotten, ([id, { deletedAt, transitions }]) => ({
      id, bucket: bucketOf(id), seq: nextSeq(), deleted_at: deletedAt, transition_ids: JSON.stringify(transitions.map((row) => row['id'])),
    })),
  },
  goneMatchings: { from: 'forgotten', rowsOf: ({ forgotten }) => Array.from(forgotten, ([id]) => ({ id })) },
  goneTransitions: forgottenRows('transitions', ['matching_id', 'version']),
  goneResults: forgottenRows('results', ['matching_id']),
  goneHistory: forgottenRows('history', ['matching_id', 'epoch']),
  goneAnnouncements: forgottenRows('announcements', ['matching_id', 'epoch', 'event', 'recipient']),
  goneGuards: forgottenRows('guards', ['person']),
  goneKeys: forgottenRows('keys', ['idempotency_key']),
  goneTasks: forgottenRows('tasks', ['bucket', 'id']),
  transitions: { from: 'transitions', rowsOf: ({ transitions }) => transitions.map(fieldsOfTransition) },
  results: { from: 'results', rowsOf: ({ results }) => [...results.values()].flatMap((result) => (result === null ? [] : [fieldsOfResult(result)])) },
  retired: { from: 'results', rowsOf: ({ results }) => [...results].flatMap(([id, result]) => (result === null ? [{ matching_id: id }] : [])) },
  history: { from: 'history', rowsOf: ({ history }) => history.map(({ epoch, result }) => ({ epoch, ...fieldsOfResult(result) })) },
  persons: { from: 'persons', rowsOf: ({ persons }) => Array.from(persons, ([person, id]) => ({ person, matching_id: id })) },
  keys: { from: 'keys', rowsOf: ({ keys: all }) => Array.from(all, ([key, id]) => ({ idempotency_key: key, matching_id: id })) },
  announcements: { from: 'announcements', rowsOf: ({ announcements }) => Array.from(announcements.values(), fieldsOfAnnouncement) },
  promocodes: {
    from: 'promocodes',
    rowsOf: ({ promocodes }) => Array.from(promocodes.values(), ({ entity, promocode, firstSeenAt }) => ({ entity, promocode, first_seen_at: firstSeenAt })),
  },
  takenPromocodes: {
    from: 'takenPromocodes',
    rowsOf: ({ takenPromocodes }) => Array.from(takenPromocodes.values(), ({ entity, promocode }) => ({ entity, promocode })),
  },
  rejects: {
    from: 'rejects',
    rowsOf: ({ rejects }, { nextSeq }) => Array.from(rejects.values(), ({ id, source, reason, detail, firstSeenAt }) =>
      ({ bucket: bucketOf(id), id, seq: nextSeq(), source, reason, detail, first_seen_at: firstSeenAt })),
  },
  states: { from: 'states', rowsOf: ({ states }) => Array.from(states, ([name, value]) => ({ name, value })) },
  runs: {
    from: 'runs',
    rowsOf: ({ runs }) => Array.from(runs.values(), ({ id, job, startedAt, finishedAt, outcome, dryRun, counts, error }) =>
      ({ id, job, started_at: startedAt, finished_at: finishedAt, outcome, dry_run: dryRun, counts: JSON.stringify(counts), error })),
  },
  operatorActions: { from: 'operatorActions', rowsOf: ({ operatorActions }) => Array.from(operatorActions.values(), fieldsOfOperatorAction) },
  tasks: {
    from: 'tasks',
    rowsOf: ({ tasks }, { nextSeq }) => Array.from(tasks.values(), ({ id, queue, matchingId, payload, delayMs }) =>
      ({ bucket: bucketOf(id), id, seq: nextSeq(), queue, matching_id: matchingId, payload, delay: delayMs })),
  },
  counts: {
    from: 'deltas',
    rowsOf: (_writes, { marker, deltas }) => [...deltas]
      .filter(([, { reached, present }]) => reached !== 0 || present !== 0)
      .map(([status, delta]) => ({ id: marker, status, ...delta })),
  },
};

const sources = Object.entries(sourceOf).map(([name, source]) => ({ part: writeParts[name as RowPart], ...source }));

function keyFields(row: Row, columns: readonly string[]): Fields {
  return Object.fromEntries(columns.map((column) => [column, keyCell(row[column])]));
}

/** A key as it was read, to be written. */
function keyCell(cell: Cell | undefined): Value {
  return typeof cell === 'bigint' ? Number(cell) : (cell ?? null);
}
