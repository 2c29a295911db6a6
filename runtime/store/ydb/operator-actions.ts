// What operators did.
import type { MatchingId } from '../../../machines/ids.ts';
import { isOperatorAction, type OperatorActionRecord, type Page, type PageRequest } from '../../store.ts';
import { readAs, readInteger, readText, readTextOrNull } from './columns.ts';
import { newestFirst, pageOf, positionOf } from './paging.ts';
import { bind, type Part } from './query.ts';
import type { ReadSet } from './read-set.ts';
import type { Fields, Row, Shape, TypeName } from './values.ts';

export const operatorActionShape = {
  id: 'Utf8', at: 'Int64', actor: 'Utf8', action: 'Utf8', subject: 'Utf8', matching_id: 'Utf8?', reason: 'Utf8?', outcome: 'Utf8',
} as const satisfies Shape;

function actionPage(name: string, view: string, equal: Readonly<Record<string, TypeName>>): Part {
  const conditions = Object.keys(equal).map((column) => `${column} = $${column} AND `).join('');
  const order = [...Object.keys(equal), 'at', 'id'].map((column) => `${column} DESC`).join(', ');
  return {
    name,
    parameters: { ...equal, after_at: 'Int64', after_id: 'Utf8', page_limit: 'Uint64' },
    body: `SELECT ${Object.keys(operatorActionShape).join(', ')} FROM operator_actions VIEW ${view}
WHERE ${conditions}(at, id) < ($after_at, $after_id) ORDER BY ${order} LIMIT $page_limit;`,
    sets: 1,
  };
}

export const operatorParts = {
  actions: actionPage('operator_actions', 'by_at', {}),
  actionsOfMatching: actionPage('operator_actions_of_matching', 'by_matching', { matching_id: 'Utf8' }),
} as const;

/** Newest first. */
export async function selectOperatorActions(
  reads: ReadSet,
  { matchingId }: { matchingId?: MatchingId },
  page: PageRequest,
): Promise<Page<OperatorActionRecord>> {
  const [at, , id] = positionOf(page, newestFirst);
  const place = { after_at: at, after_id: id, page_limit: page.limit + 1 };
  const { actions, actionsOfMatching } = operatorParts;
  const bound = matchingId === undefined ? bind(actions, place) : bind(actionsOfMatching, { ...place, matching_id: matchingId });
  const { parts } = await reads.query([bound]);
  return pageOf(parts[0]?.[0] ?? [], page.limit, actionFrom, (row) => [readInteger(row, 'at'), 0, readText(row, 'id')]);
}

export function fieldsOfOperatorAction({ id, at, actor, action, subject, matchingId, reason, outcome }: OperatorActionRecord): Fields {
  return { id, at, actor, action, subject, matching_id: matchingId, reason, outcome };
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
