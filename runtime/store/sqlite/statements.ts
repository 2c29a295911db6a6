// Every SQL text this adapter may prepare: connections refuse others, and the query-plan test explains each.
import { journalSql } from './journal.ts';
import { leaseSql } from './leases.ts';
import { listingSql } from './listing.ts';
import { matchingSql } from './matchings.ts';
import { operatorSql } from './operator-actions.ts';
import { resultSql } from './results.ts';
import { retentionSql } from './retention.ts';
import { schemaSql } from './schema.ts';
import { taskSql } from './tasks.ts';

const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  schema: schemaSql,
  matchings: matchingSql,
  listing: listingSql,
  results: resultSql,
  journal: journalSql,
  operators: operatorSql,
  retention: retentionSql,
  tasks: taskSql,
  leases: leaseSql,
};

/** SQL by `group.name`. */
export const statements: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(groups).flatMap(([group, texts]) => Object.entries(texts).map(([name, text]) => [`${group}.${name}`, text])),
);
