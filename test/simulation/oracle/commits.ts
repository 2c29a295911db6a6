// What one commit of the database may do: moves along the table with a transition each (S3), one matching per person (S2), tasks in the
// same commit (A24), marks and codes that only come (section 3, A15), figures that no null erases, and nothing without a lock (S9).
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { progressFields, type TransitionRecord } from '../../../runtime/store.ts';
import type { Crm } from '../crm.ts';
import type { Committed } from '../memory-store/access.ts';
import type { Change } from '../memory-store/tables.ts';
import type { Origin, World } from '../world.ts';
import { checkArchived } from './archived.ts';
import { faultOf } from './moves.ts';

type ChangeOf<Name extends Change['table']> = Extract<Change, { table: Name }>;

export function checkCommit(world: World, crm: Crm, { changes, now }: Committed, origin: Origin | null): void {
  const of = <Name extends Change['table']>(table: Name): ChangeOf<Name>[] => changes.filter((change): change is ChangeOf<Name> => change.table === table);
  const isForgetting = of('tombstones').some(({ after }) => after !== null);
  checkLock(world, changes, origin);
  for (const { key, after } of of('tombstones')) if (after !== null) checkArchived(world, changes, key);
  const transitions = new Map(of('transitions').map((change) => [change.key, change]));
  const figures = new Map(of('results').map((change) => [change.key, change]));
  for (const change of of('matchings')) {
    if (change.after === null) {
      if (!isForgetting) world.violate('S8', `${change.key} was deleted, and no tombstone tells of it`);
      continue;
    }
    const { before, after } = transitions.get(change.key) ?? { before: null, after: null };
    const added = (after ?? []).filter((one) => !(before ?? []).includes(one));
    checkMatching({ world, crm, now }, { ...change, after: change.after }, { added, figuresBefore: figures.get(change.key)?.before ?? null });
  }
  for (const change of of('results')) checkFigures(world, change, changes);
}

/** Whoever works under a job's lock writes only while it is his (S9). */
function checkLock(world: World, changes: readonly Change[], origin: Origin | null): void {
  if (origin === null || origin.job === null || changes.every(({ table }) => table === 'leases')) return;
  const lease = world.tables.get('leases', `job:${origin.job}`);
  if (lease !== null && lease.owner === origin.lockOwner && lease.expiresAtMs > world.timeline.nowMs) return;
  world.violate('S9', `${origin.lockOwner} wrote ${changes.map(({ table }) => table).join(', ')} without its lock`);
}

interface Scene {
  readonly world: World;
  readonly crm: Crm;
  readonly now: number;
}

interface MatchingChange {
  readonly before: MatchingRecord | null;
  readonly after: MatchingRecord;
}

interface Companions {
  readonly added: readonly TransitionRecord[];
  readonly figuresBefore: ChangeOf<'results'>['before'];
}

function checkMatching(scene: Scene, { before, after }: MatchingChange, { added, figuresBefore }: Companions): void {
  const { world, now } = scene;
  const moved = before === null || before.status !== after.status || before.epoch !== after.epoch;
  if (moved !== added.length > 0) world.violate('S3', `${after.id}: ${before?.status} to ${after.status} with ${added.length} transitions`);
  let from = before?.status ?? null;
  for (const transition of added) {
    if (transition.from !== from) world.violate('S3', `${after.id}: a transition from ${transition.from} where ${from} was`);
    from = transition.to;
    const figures = world.tables.get('results', after.id)?.figures ?? figuresBefore?.figures ?? null;
    const fault = faultOf({ world, crm: scene.crm, before, after, transition, now, figures });
    if (fault !== null) world.violate(fault.promise, `${after.id}: ${fault.detail}`);
    checkTask(world, transition);
    world.reached.add(transition.to);
    world.count(`move: ${transition.from ?? 'none'} ${transition.event} ${transition.to}`);
  }
  if (added.length > 0 && from !== after.status) world.violate('S3', `${after.id}: the last transition leads to ${from}, the row says ${after.status}`);
  if (before === null) checkPerson(world, after);
  else checkColumns(world, before, after);
}

/** The tasks that a move causes are rows of its own commit (A24). */
function checkTask(world: World, { matchingId, event, epoch }: TransitionRecord): void {
  const wanted = event === 'ENROLLED' ? 'create_application' : event === 'MATCHED' ? 'announce' : null;
  if (wanted === null) return;
  const found = world.tables.rows('tasks').some(({ queue, state, payload, matchingId: of }) =>
    of === matchingId && queue === wanted && (state === 'pending' || state === 'running') && (wanted !== 'announce' || payload.includes(`"epoch":${epoch}`)));
  if (!found) world.violate('A24', `${matchingId}: ${event} was committed without its task`);
}

function checkPerson(world: World, { newbie }: MatchingRecord): void {
  const person = world.people.of(newbie);
  const live = world.tables.rows('matchings').filter((row) => world.people.of(row.newbie) === person);
  if (live.length > 1) world.violate('S2', `${person?.name} has ${live.length} matchings`);
}

function checkColumns(world: World, before: MatchingRecord, after: MatchingRecord): void {
  if (after.version < before.version) world.violate('S3', `${after.id}: the version went back`);
  if (after.epoch !== before.epoch) return;
  for (const mark of ['newbieLastReadAt', 'mentorLastReadAt'] as const) {
    if ((after[mark] ?? 0) < (before[mark] ?? 0)) world.violate('marks', `${after.id}: ${mark} went back`);
  }
  if (before.mentorPromocode !== null && after.mentorPromocode !== before.mentorPromocode) world.violate('A15', `${after.id}: a promocode was replaced`);
  if ((after.originalConnectedAt ?? 0) < (before.originalConnectedAt ?? 0)) world.violate('A6', `${after.id}: the date of the CRM went back`);
  if (before.mentorPromocode === null && after.mentorPromocode !== null && after.status !== 'finished' && after.status !== 'failed') {
    world.violate('A14', `${after.id}: a promocode came in ${after.status}`);
  }
}

/** Figures only come, until a rematch moves them into the history. */
function checkFigures(world: World, { key, before, after }: ChangeOf<'results'>, changes: readonly Change[]): void {
  if (before === null) return;
  const retired = changes.some((change) => change.table === 'matchings' && change.key === key && change.before?.epoch !== change.after?.epoch);
  if (after === null) {
    if (!retired && world.tables.get('matchings', key) !== null) world.violate('results', `${key}: figures vanished`);
    return;
  }
  if (retired) return;
  const erased = progressFields.filter((field) => before.figures[field] !== null && after.figures[field] === null);
  if (erased.length > 0) world.violate('results', `${key}: ${erased.join(', ')} erased by a null`);
}
