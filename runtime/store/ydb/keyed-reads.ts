// Reads by key. Each kind takes a list of keys and joins it with its table or index, so that any number of reads of any kinds goes
// into one query; an answer is told apart by the key columns of its rows.
import { matchingShape, transitionShape } from './columns.ts';
import type { Part } from './query.ts';
import { announcementShape, resultShape } from './result-columns.ts';
import type { Fields, Row, Shape } from './values.ts';

export interface KeyedRead {
  readonly part: Part;
  /** The parameter that takes the keys. */
  readonly parameter: string;
  /** Which columns of a row hold its key, in the order of the key's fields. */
  readonly keyColumns: readonly string[];
}

interface Table {
  readonly name: string;
  readonly view?: string;
  /** Expressions of `t` by the names they are answered under. */
  readonly columns: Readonly<Record<string, string>>;
  /** Key fields, and the column that each is compared with. */
  readonly key: Readonly<Record<string, { readonly type: Shape[string]; readonly column: string }>>;
}

function keyedRead(name: string, { name: table, view, columns, key }: Table): KeyedRead {
  const parameter = `${name}_keys`;
  const selected = Object.entries(columns).map(([alias, expression]) => `${expression} AS ${alias}`).join(', ');
  const joined = Object.entries(key).map(([field, { column }]) => `t.${column} = k.${field}`).join(' AND ');
  const source = view === undefined ? table : `${table} VIEW ${view}`;
  const shape = Object.fromEntries(Object.entries(key).map(([field, { type }]) => [field, type]));
  const body = `SELECT ${selected}\nFROM AS_TABLE($${parameter}) AS k INNER JOIN ${source} AS t ON ${joined};`;
  const keyColumns = Object.values(key).map(({ column }) => column);
  return { part: { name, parameters: { [parameter]: shape }, body, sets: 1 }, parameter, keyColumns };
}

function plain(shape: Shape | readonly string[]): Record<string, string> {
  const names = Array.isArray(shape) ? (shape as readonly string[]) : Object.keys(shape);
  return Object.fromEntries(names.map((name) => [name, `t.${name}`]));
}

/** `from` and `to` are words of the language. */
const transitionColumns = { ...plain(transitionShape), from_status: 't.`from`', to_status: 't.`to`' };
const utf8 = (column: string) => ({ type: 'Utf8', column }) as const;
const profileKey = (side: string) => ({ park_id: utf8(`${side}_park_id`), driver_id: utf8(`${side}_driver_id`) });

export const keyedReads = {
  matchings: keyedRead('matchings', { name: 'matchings', columns: plain(matchingShape), key: { id: utf8('id') } }),
  newbies: keyedRead('newbies', { name: 'matchings', view: 'by_newbie', columns: plain(matchingShape), key: profileKey('newbie') }),
  mentors: keyedRead('mentors', { name: 'matchings', view: 'by_mentor', columns: plain(matchingShape), key: profileKey('mentor') }),
  parksOfNewbie: keyedRead('parks_of_newbie', {
    name: 'matchings', view: 'by_newbie', columns: plain(['newbie_park_id', 'newbie_driver_id']), key: { driver_id: utf8('newbie_driver_id') },
  }),
  parksOfMentor: keyedRead('parks_of_mentor', {
    name: 'matchings', view: 'by_mentor', columns: plain(['mentor_park_id', 'mentor_driver_id']), key: { driver_id: utf8('mentor_driver_id') },
  }),
  results: keyedRead('results', { name: 'results', columns: plain(resultShape), key: { matching_id: utf8('matching_id') } }),
  transitions: keyedRead('transitions', {
    name: 'status_transitions', columns: transitionColumns, key: { matching_id: utf8('matching_id') },
  }),
  announcements: keyedRead('announcements', {
    name: 'announcements', columns: plain(announcementShape), key: { matching_id: utf8('matching_id') },
  }),
  persons: keyedRead('persons', { name: 'persons', columns: plain(['person', 'matching_id']), key: { person: utf8('person') } }),
  keys: keyedRead('keys', {
    name: 'idempotency_keys', columns: plain(['idempotency_key', 'matching_id']), key: { idempotency_key: utf8('idempotency_key') },
  }),
  states: keyedRead('states', { name: 'import_state', columns: plain(['name', 'value']), key: { name: utf8('name') } }),
  leases: keyedRead('leases', { name: 'locks', columns: plain(['name', 'owner', 'epoch', 'expires_at']), key: { name: utf8('name') } }),
  history: keyedRead('history_rows', {
    name: 'results_history', columns: plain({ epoch: 'Int64', ...resultShape }), key: { matching_id: utf8('matching_id') },
  }),
  guards: keyedRead('guards', {
    name: 'persons', view: 'by_matching', columns: plain(['person', 'matching_id']), key: { matching_id: utf8('matching_id') },
  }),
  keysOfMatching: keyedRead('keys_of_matching', {
    name: 'idempotency_keys', view: 'by_matching', columns: plain(['idempotency_key', 'matching_id']),
    key: { matching_id: utf8('matching_id') },
  }),
  tasksOfMatching: keyedRead('task_states', {
    name: 'tasks', view: 'by_matching', columns: plain(['bucket', 'id', 'state', 'matching_id']), key: { matching_id: utf8('matching_id') },
  }),
  tasks: keyedRead('tasks', {
    name: 'tasks', columns: plain(['bucket', 'id', 'state']), key: { bucket: { type: 'Uint32', column: 'bucket' }, id: utf8('id') },
  }),
} as const satisfies Record<string, KeyedRead>;

export type ReadKind = keyof typeof keyedReads;

/** The fields in the order of the kind's key. */
export function keyText(key: Fields): string {
  let text = '';
  for (const field in key) text += `${key[field]} `;
  return text;
}

export function keyOfRow(kind: ReadKind, row: Row): string {
  let text = '';
  for (const column of keyedReads[kind].keyColumns) text += `${row[column]} `;
  return text;
}
