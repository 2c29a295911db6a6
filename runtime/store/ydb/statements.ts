// Every part of a query that this adapter may send: a test reads the texts from here and holds them against YDB's limits.
import { dialogParts } from './dialogs.ts';
import { journalLists, journalParts } from './journal.ts';
import { keyedReads } from './keyed-reads.ts';
import { leaseParts } from './leases.ts';
import { longestParts, matchingLists } from './listing.ts';
import { markerParts } from './markers.ts';
import { operatorParts } from './operator-actions.ts';
import { promocodeParts } from './promocodes.ts';
import { type Part, textOf } from './query.ts';
import { retentionLists, retentionParts } from './retention.ts';
import { schemaParts } from './schema.ts';
import { countParts } from './status-counts.ts';
import { migrations, versionsTable } from './tables.ts';
import { taskLists, taskParts } from './task-parts.ts';
import { writeParts } from './write-parts.ts';

/** Parts that go into one query together, in any selection. */
const combined: Readonly<Record<string, readonly Part[]>> = {
  reads: Object.values(keyedReads).map(({ part }) => part),
  writes: Object.values(writeParts),
};

const alone: readonly Part[] = [
  ...Object.values({ ...dialogParts, ...journalParts, ...operatorParts, ...promocodeParts, ...markerParts }),
  ...Object.values(schemaParts), ...Object.values(longestParts), ...Object.values(retentionParts),
  ...Object.values(countParts), ...Object.values(leaseParts), ...Object.values(taskParts),
  ...migrations.flatMap(({ columns = [] }) => columns.map(({ proof }) => proof)),
  ...Object.values(retentionLists).map(({ part }) => part),
  ...[...Object.values(journalLists), ...Object.values(matchingLists), ...Object.values(taskLists)].map(({ part }) => part),
];

/** YQL by name; the longest of each selection stands for all of it. */
export const statements: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(combined).map(([name, parts]) => [name, textOf(parts)])),
  ...Object.fromEntries([...Object.values(combined).flat(), ...alone].map((part) => [part.name, textOf([part])])),
};

export const schemaStatements: readonly string[] = [versionsTable, ...migrations.flatMap(({ statements: made, columns = [] }) => [...made, ...columns.map(({ statement }) => statement)])];
