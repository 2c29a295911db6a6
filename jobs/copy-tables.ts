// The copies of our tables in YT: their columns, and the row that each record becomes. Dates are RFC 3339 in UTC, which keeps their
// milliseconds, so that a row read back can be compared with what was written.
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import { rfc3339 } from '../runtime/clock.ts';
import type { RetiredResultRecord } from '../runtime/retention.ts';
import { progressFields, type ProgressFigures, type ResultRecord, type TransitionRecord } from '../runtime/store.ts';
import type { OwnTable, YtCell, YtRow } from '../runtime/yt.ts';

interface Column<Item> {
  readonly type: OwnTable['columns'][number]['type'];
  readonly of: (item: Item) => YtCell;
}

type Columns<Item> = Readonly<Record<string, Column<Item>>>;

/** One table, the same in the replica and in the archive but for the column `deleted`, which only a replica has. */
export interface CopyTable<Item> {
  readonly name: string;
  readonly key: string;
  readonly columns: Columns<Item>;
}

function text<Item>(of: (item: Item) => string | null): Column<Item> {
  return { type: 'string', of };
}

function whole<Item>(of: (item: Item) => number): Column<Item> {
  return { type: 'int64', of };
}

function date<Item>(of: (item: Item) => EpochMs | null): Column<Item> {
  return text((item) => {
    const at = of(item);
    return at === null ? null : rfc3339(at);
  });
}

export const matchingsCopy: CopyTable<MatchingRecord> = {
  name: 'matchings',
  key: 'id',
  columns: {
    id: text((row) => row.id),
    created_at: date((row) => row.createdAt),
    matched_at: date((row) => row.matchedAt),
    mentor_park_id: text((row) => row.mentor?.parkId ?? null),
    mentor_driver_id: text((row) => row.mentor?.driverId ?? null),
    newbie_park_id: text((row) => row.newbie.parkId),
    newbie_driver_id: text((row) => row.newbie.driverId),
    status: text((row) => row.status),
    mentor_promocode: text((row) => row.mentorPromocode),
    completed_at: date((row) => row.completedAt),
    original_connected_dttm: date((row) => row.originalConnectedAt),
    newbie_last_read_at: date((row) => row.newbieLastReadAt),
    mentor_last_read_at: date((row) => row.mentorLastReadAt),
    newbie_udid: text((row) => row.newbieUdid),
    mentor_udid: text((row) => row.mentorUdid),
    version: whole((row) => row.version),
    updated_at: date((row) => row.updatedAt),
    epoch: whole((row) => row.epoch),
    status_since: date((row) => row.statusSince),
  },
};

export const transitionsCopy: CopyTable<TransitionRecord> = {
  name: 'status_transitions',
  key: 'id',
  columns: {
    id: text((row) => row.id),
    matching_id: text((row) => row.matchingId),
    created_at: date((row) => row.createdAt),
    from: text((row) => row.from),
    to: text((row) => row.to),
    event: text((row) => row.event),
    actor: text((row) => row.actor),
    epoch: whole((row) => row.epoch),
    version: whole((row) => row.version),
    reason: text((row) => row.reason),
  },
};

const figureColumns = Object.fromEntries(
  progressFields.map((field) => [field, text<{ readonly figures: ProgressFigures }>(({ figures }) => figures[field])]),
);

const resultColumns: Columns<ResultRecord> = {
  matching_id: text((row) => row.matchingId),
  newbie_park_id: text((row) => row.newbie.parkId),
  newbie_driver_id: text((row) => row.newbie.driverId),
  ...figureColumns,
  updated_at: date((row) => row.updatedAt),
};

export const resultsCopy: CopyTable<ResultRecord> = { name: 'results', key: 'matching_id', columns: resultColumns };

/** In the archive only: figures of matches that a rematch had ended. */
export const historyCopy: CopyTable<RetiredResultRecord> = {
  name: 'results_history',
  key: 'matching_id',
  columns: { ...resultColumns, epoch: whole((row) => row.epoch) },
};

export function rowOf<Item>({ columns }: CopyTable<Item>, item: Item): YtRow {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.of(item)]));
}

export function replicaTable<Item>(directory: string, { name, key, columns }: CopyTable<Item>): OwnTable {
  return { path: `${directory}/${name}`, key: [key], columns: [...columnsOf(columns), { name: 'deleted', type: 'boolean' }] };
}

export function archiveTable<Item>(directory: string, { name, columns }: CopyTable<Item>): OwnTable {
  return { path: `${directory}/${name}`, key: [], columns: columnsOf(columns) };
}

function columnsOf<Item>(columns: Columns<Item>): OwnTable['columns'] {
  return Object.entries(columns).map(([name, { type }]) => ({ name, type }));
}

/** A row as one text in the order of the table's columns: equal texts are equal rows, whatever the row carries besides. */
export function rowText({ columns }: OwnTable, row: unknown): string {
  const cells = typeof row === 'object' && row !== null ? (row as Readonly<Record<string, unknown>>) : {};
  return JSON.stringify(columns.map(({ name }) => cells[name] ?? null));
}
