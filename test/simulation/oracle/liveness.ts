// L1: once the faults have healed, every matching leaves its stage within its budget, and nobody has to help (L3), whatever poison lies
// about (L2). The budgets follow from the periods and the backoff that the operations manual names.
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { tickMs } from '../../../jobs/schedule.ts';
import type { JobName } from '../../../jobs/report.ts';
import type { Crm, Relation } from '../crm.ts';
import { startMs } from '../timeline.ts';
import type { World } from '../world.ts';

const minute = 60_000;
/** Backoff's cap, a lease of a dead worker, and time to do the work. */
const taskMs = 5 * minute + 2 * minute;
const crmMs = 20 * minute;

/** Violates L1 for who has stayed too long. Answers whether everybody has come to the end that awaits him. */
export function checkProgress(world: World, crm: Crm): boolean {
  const healedMs = startMs + world.settings.healAtMs;
  let settled = world.people.newbies.every((newbie) => crm.isDone(newbie));
  for (const record of world.tables.rows('matchings')) {
    const relation = crm.relations.get(world.people.of(record.newbie) as never);
    const dueMs = dueAt(world, record, relation ?? null, healedMs);
    if (dueMs === null) continue;
    settled = false;
    if (world.timeline.nowMs > dueMs) world.violate('L1', `${record.id} (${world.people.of(record.newbie)?.name}) stays in ${record.status}`);
  }
  const waiting = world.tables.rows('tasks').some(({ state }) => state === 'pending' || state === 'running');
  return settled && !waiting;
}

/** When the matching must have left its status; null when it may stay. */
function dueAt(world: World, record: MatchingRecord, relation: Relation | null, healedMs: number): number | null {
  const { policy } = world.config.programme;
  const since = Math.max(record.statusSince, healedMs);
  const poll = world.settings.taskPollMs + taskMs;
  const run = (job: JobName): number => tickMs(world.config.jobs, job) + taskMs;
  const stages: Readonly<Record<MatchingRecord['status'], () => number | null>> = {
    created: () => since + poll + crmMs + run('import-matchings'),
    requested: () => since + 2 * crmMs + run('import-matchings'),
    matched: () => since + poll,
    initialized: () => Math.max(since, figuresAt(record, relation, policy.progressAgeMs)) + crmAge(relation) + run('import-results') + poll,
    in_progress: () => Math.max(since, figuresAt(record, relation, policy.resultAgeMs)) + crmAge(relation) + run('import-results') + poll,
    finished: () => Math.max(since, agedAt(record, policy.failAgeMs), record.statusSince + policy.failGraceMs) + daily(world) + poll,
    failed: () => {
      const code = codeDueMs(world, relation);
      return code === null ? null : Math.max(since, code) + daily(world) + poll;
    },
    succeed: () => null,
  };
  return stages[record.status]();
}

function agedAt({ matchedAt }: MatchingRecord, ageMs: number): number {
  return (matchedAt ?? 0) + ageMs;
}

/** The CRM counts from the last date it gave: later than ours where it named the same mentor again. */
function figuresAt(record: MatchingRecord, relation: Relation | null, ageMs: number): number {
  return Math.max(agedAt(record, ageMs), (relation?.connections.at(-1)?.atMs ?? 0) + ageMs);
}

/** It writes at its next tick. */
function crmAge(relation: Relation | null): number {
  return relation === null ? crmMs : 2 * crmMs;
}

/** A daily job runs at the first tick of the next date. */
function daily(world: World): number {
  const every = world.config.jobs.everyMs['finish-programme'];
  return every + tickMs(world.config.jobs, 'finish-programme') + taskMs + 2 * crmMs;
}

/** When the CRM gives the newbie the code that must reopen his matching; null when none will. */
function codeDueMs(world: World, relation: Relation | null): number | null {
  if (!world.config.programme.policy.latePromocodeReopens || relation === null) return null;
  const { plan, connections, newbie } = relation;
  if (plan.codes === 0 || plan.codeOfMentor || world.people.mentors.includes(newbie)) return null;
  return (connections.at(-1)?.atMs ?? 0) + plan.codeAfterMs;
}
