// GET /openapi.json: the document of both listeners.
import { z } from 'zod';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';

export const openapi: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/openapi.json',
  access: 'operator',
  summary: 'This API as an OpenAPI 3.1 document',
  replies: { 200: { description: 'The document.', schema: z.looseObject({ openapi: z.string() }) } },
  handle: async (ctx: AdminContext) => jsonReply(200, ctx.document),
});
