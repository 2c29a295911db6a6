// What operators did.
import type { SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import type { MatchingId } from '../../../machines/ids.ts';
import { isOperatorAction, type OperatorActionRecord, type Page, type PageRequest } from '../../store.ts';
import { packId, readAs, readId, readInteger, readText, readTextOrNull } from './columns.ts';
import type { Row } from './database.ts';
import { decodeCursor, last, pageOf } from './paging.ts';
import type { Session } from './session.ts';

const columns = 'at, uuid, actor, action, subject, matching, reason, outcome';
const page = 'AND (at, uuid) < (?, ?) ORDER BY at DESC, uuid DESC LIMIT ?';
const position = z.tuple([z.int(), z.string()]);

export const operatorSql = {
  actions: `SELECT ${columns} FROM operator_actions WHERE true ${page}`,
  actionsOfMatching: `SELECT ${columns} FROM operator_actions WHERE matching = ? ${page}`,
  putAction: `INSERT INTO operator_actions (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (at, uuid) DO UPDATE SET outcome = excluded.outcome`,
} as const;

/** Newest first. */
export function selectOperatorActions(session: Session, { matchingId }: { matchingId?: MatchingId }, asked: PageRequest): Page<OperatorActionRecord> {
  const [at, id] = asked.cursor === null ? [last, ''] : decodeCursor(asked.cursor, position);
  const place = [at, packId(id), asked.limit + 1];
  const rows = matchingId === undefined
    ? session.all(operatorSql.actions, ...place)
    : session.all(operatorSql.actionsOfMatching, packId(matchingId), ...place);
  return pageOf(rows, asked.limit, actionFrom, (row) => [readInteger(row, 'at'), readId(row, 'uuid')]);
}

export function putOperatorAction(session: Session, record: OperatorActionRecord): void {
  session.run(operatorSql.putAction, ...valuesOfAction(record));
}

export function valuesOfAction({ id, at, actor, action, subject, matchingId, reason, outcome }: OperatorActionRecord): SQLInputValue[] {
  return [at, packId(id), actor, action, subject, matchingId === null ? null : packId(matchingId), reason, outcome];
}

function actionFrom(row: Row): OperatorActionRecord {
  return {
    id: readId(row, 'uuid'),
    at: readInteger(row, 'at'),
    actor: readText(row, 'actor'),
    action: readAs(row, 'action', isOperatorAction),
    subject: readText(row, 'subject'),
    matchingId: row['matching'] === null ? null : (readId(row, 'matching') as MatchingId),
    reason: readTextOrNull(row, 'reason'),
    outcome: readText(row, 'outcome'),
  };
}
