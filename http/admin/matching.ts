// GET matchings/{id}: everything kept of one matching.
import { z } from 'zod';
import { EventType } from '../../machines/events.ts';
import { parseMatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { programmeTime, type Timescale } from '../../runtime/clock.ts';
import type { TaskView } from '../../runtime/tasks.ts';
import { noSuchMatching } from '../problem.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { announcementToWire, matchingToWire, operatorActionToWire, operatorActionWire, resultsToWire, taskToWire, transitionToWire } from './wire.ts';
import { announcementWire, matchingWire, resultsWire, taskWire, transitionWire } from './wire.ts';

export const matchingDetailsWire = z.object({
  matching: matchingWire,
  transitions: z.array(transitionWire),
  tasks: z.array(taskWire),
  announcements: z.array(announcementWire),
  results: resultsWire.nullable(),
  operator_actions: z.array(operatorActionWire).describe('The newest hundred.'),
  allowed_events: z.array(z.enum(Object.values(EventType))),
});

export type MatchingDetails = z.output<typeof matchingDetailsWire>;

export const matching: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/matchings/{id}',
  access: 'operator',
  summary: 'One matching with its history, tasks, announcements and figures',
  params: z.strictObject({ id: z.string() }),
  replies: { 200: { description: 'The matching.', schema: matchingDetailsWire } },
  handle: async (ctx: AdminContext, { params }) => {
    const row = await existingMatching(ctx, params.id);
    return jsonReply(200, await details(ctx, row));
  },
});

/** Throws 404 for what is not the id of a stored matching. */
export async function existingMatching(ctx: AdminContext, text: string): Promise<MatchingRecord> {
  const id = parseMatchingId(text);
  const row = id === null ? undefined : (await ctx.store.matchings([id]))[0];
  if (row === undefined) throw noSuchMatching();
  return row;
}

async function details(ctx: AdminContext, row: MatchingRecord): Promise<z.output<typeof matchingDetailsWire>> {
  const [transitions, tasks, announcements, results, actions, allowedEvents] = await Promise.all([
    ctx.store.transitions(row.id),
    ctx.store.tasksOfMatching(row.id),
    ctx.store.announcements(row.id),
    ctx.store.results([row.id]),
    ctx.store.operatorActions({ matchingId: row.id }, { limit: 100, cursor: null }),
    ctx.useCases.allowedEvents(row),
  ]);
  return {
    matching: matchingToWire(row),
    transitions: transitions.map(transitionToWire),
    tasks: tasks.map((task) => taskToWire(inProgrammeTime(task, ctx.config.timescale))),
    announcements: announcements.map(announcementToWire),
    results: results[0] === undefined ? null : resultsToWire(results[0]),
    operator_actions: actions.items.map(operatorActionToWire),
    allowed_events: [...allowedEvents],
  };
}

/** Tasks are kept by the database's own clock; among the other rows of a matching they stand by the programme's. */
function inProgrammeTime(task: TaskView, timescale: Timescale): TaskView {
  const moved = (realMs: number): number => Math.round(programmeTime(timescale, realMs));
  return { ...task, createdAtMs: moved(task.createdAtMs), updatedAtMs: moved(task.updatedAtMs), visibleAtMs: moved(task.visibleAtMs) };
}
