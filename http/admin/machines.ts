// GET machines: the statecharts with their arrangements, as the inspector draws them.
import { z } from 'zod';
import { machineIds, statecharts } from '../inspector/statechart.ts';
import { conditionalReply, jsonReply, strongETag, type Reply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';

const numbers = z.array(z.number());
const arrangement = z.object({
  width: z.number(),
  height: z.number(),
  nodes: z.record(z.string(), numbers).describe('Left, top, width and height, by state.'),
  edges: z.record(z.string(), z.object({ points: z.array(numbers), label: numbers })),
  starts: z.array(z.array(numbers)).describe('The arrows into initial states.'),
});
const machineWire = z.object({
  id: z.enum(machineIds),
  nodes: z.array(z.object({
    id: z.string(),
    parent: z.string().nullable(),
    label: z.string(),
    kind: z.enum(['atomic', 'compound', 'parallel', 'final']),
    initial: z.string().nullable(),
    description: z.string().nullable(),
    invokes: z.array(z.string()),
  })),
  edges: z.array(z.object({ id: z.string(), source: z.string(), target: z.string(), event: z.string(), guard: z.string().nullable() })),
  wide: arrangement,
  tall: arrangement,
});

let made: Promise<{ readonly reply: Reply; readonly etag: string }> | null = null;

/** The same for the life of the process. */
async function make(): Promise<{ readonly reply: Reply; readonly etag: string }> {
  const reply = jsonReply(200, { machines: await statecharts() }, { 'Cache-Control': 'private, no-cache' });
  return { reply, etag: strongETag([reply.body]) };
}

export const machines: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/machines',
  access: 'operator',
  summary: 'The state machines, drawn',
  headers: z.object({ 'if-none-match': z.string().optional() }),
  replies: {
    200: { description: 'The machines.', schema: z.object({ machines: z.array(machineWire) }) },
    304: { description: 'The client holds them.', schema: null },
  },
  handle: async (_ctx: AdminContext, input) => {
    const { reply, etag } = await (made ??= make());
    return conditionalReply(reply, etag, input.headers['if-none-match']);
  },
});
