// What each queue's tasks do: a payload schema and a handler. Handlers are idempotent: a task may run more than once.
import { parse } from 'superjson';
import { z } from 'zod';
import { EventType } from '../../machines/events.ts';
import { parseMatchingId, type MatchingId } from '../../machines/ids.ts';
import type { Context } from '../context.ts';
import { ServiceError } from '../errors.ts';
import { Queue, type ClaimedTask } from '../tasks.ts';
import { parseTraceparent } from '../trace.ts';
import { announce } from './announce.ts';
import { createApplication } from './create-application.ts';

const matchingId = z.custom<MatchingId>((value) => parseMatchingId(value) !== null, 'is not a matching id');

const applicationPayload = z.object({ matchingId });
const announcePayload = z.object({
  matchingId,
  event: z.enum([EventType.MATCH_ANNOUNCED, EventType.PROGRESS_ANNOUNCED, EventType.RESULT_ANNOUNCED, EventType.PROMOCODE_ANNOUNCED]),
  epoch: z.int().positive(),
});

type Handler = (ctx: Context, payload: string, signal: AbortSignal) => Promise<void>;

const handlers = {
  [Queue.create_application]: (ctx, payload, signal) => createApplication(ctx, decode(applicationPayload, payload), signal),
  [Queue.announce]: (ctx, payload, signal) => announce(ctx, decode(announcePayload, payload), signal),
} satisfies Record<Queue, Handler>;

export async function handleTask(ctx: Context, task: ClaimedTask, signal: AbortSignal): Promise<void> {
  await handlers[task.queue](ctx, task.payload, signal);
}

/** The trace of the request that caused the task; null where none was recorded. */
export function traceOfTask({ payload }: Pick<ClaimedTask, 'payload'>): string | null {
  try {
    return parseTraceparent(parse<{ traceparent?: unknown } | null>(payload)?.traceparent);
  } catch {
    // The handler will tell what is wrong with the payload.
    return null;
  }
}

function decode<Schema extends z.ZodType>(schema: Schema, payload: string): z.output<Schema> {
  const decoded = schema.safeParse(parsed(payload));
  if (decoded.success) return decoded.data;
  const fields = decoded.error.issues.map((issue) => issue.path.join('.') || 'payload');
  throw new ServiceError('payload_malformed', `task payload: ${fields.join(', ')} malformed`);
}

function parsed(payload: string): unknown {
  try {
    return parse(payload);
  } catch (cause) {
    throw new ServiceError('payload_malformed', 'task payload is not superjson', { cause });
  }
}
