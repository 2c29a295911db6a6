// What operators did.
import type { MatchingId } from '../../../machines/ids.ts';
import { isOperatorAction, type OperatorActionRecord, type Page, type PageRequest } from '../../store.ts';
import { readAs, readInteger, readText, readTextOrNull } from './columns.ts';
import { newestFirst, pageOf, positionOf } from './paging.ts';
import type { Row, Session } from './session.ts';

const columns = 'seq, id, at, actor, action, subject, matching_id, reason, outcome';
const page = 'AND (at, seq) < (?, ?) ORDER BY at DESC, seq DESC LIMIT ?';

export const operatorSql = {
  actions: `SELECT ${columns} FROM operator_actions WHERE true ${page}`,
  actionsOfMatching: `SELECT ${columns} FROM operator_actions WHERE matching_id = ? ${page}`,
  putAction: `INSERT INTO operator_actions (id, at, actor, action, subject, matching_id, reason, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome`,
} as const;

/** Newest first. */
export function selectOperatorActions(session: Session, { matchingId }: { matchingId?: MatchingId }, asked: PageRequest): Page<OperatorActionRecord> {
  const position = positionOf(asked, newestFirst);
  const rows = matchingId === undefined
    ? session.all(operatorSql.actions, ...position, asked.limit + 1)
    : session.all(operatorSql.actionsOfMatching, matchingId, ...position, asked.limit + 1);
  return pageOf(rows, asked.limit, actionFrom, (row) => [readInteger(row, 'at'), readInteger(row, 'seq')]);
}

export function putOperatorAction(session: Session, record: OperatorActionRecord): void {
  const { id, at, actor, action, subject, matchingId, reason, outcome } = record;
  session.run(operatorSql.putAction, id, at, actor, action, subject, matchingId, reason, outcome);
}

function actionFrom(row: Row): OperatorActionRecord {
  return {
    id: readText(row, 'id'),
    at: readInteger(row, 'at'),
    actor: readText(row, 'actor'),
    action: readAs(row, 'action', isOperatorAction),
    subject: readText(row, 'subject'),
    matchingId: readTextOrNull(row, 'matching_id') as MatchingId | null,
    reason: readTextOrNull(row, 'reason'),
    outcome: readText(row, 'outcome'),
  };
}
