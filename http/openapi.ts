// The routes table as an OpenAPI 3.1 document.
import { z } from 'zod';
import type { Access } from './access.ts';
import { problemStatuses } from './problem.ts';
import type { ReplyDoc, RouteDoc } from './routes.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const problemRef = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const security: Readonly<Record<Access, readonly JsonObject[]>> = {
  driver: [{ driverToken: [] }],
  operator: [{ adminToken: [] }, {}],
  monitor: [],
};

const securitySchemes = {
  driverToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'EdDSA, ES256 or RS256, with the claims park_id and driver_id.',
  },
  adminToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'ADMIN_TOKEN; where it is not set, only loopback is let in, without a token.',
  },
};

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe(`Stable. Besides the codes of failures: ${Object.keys(problemStatuses).join(', ')}.`),
  trace_id: z.string(),
});

export function openApiDocument(routes: readonly RouteDoc[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.1',
    info: { title: 'contractor-mentorship', version: '1.0.0', description: 'The driver API and the admin API, which are two listeners.' },
    tags: [{ name: 'driver' }, { name: 'operator' }, { name: 'monitor' }],
    paths,
    components: { securitySchemes, schemas: { Problem: jsonSchema(problem, 'output') } },
  };
}

/** Statuses of the problems a route may reply with, besides those it documents itself. */
export function problemsOf(route: RouteDoc): number[] {
  const found = [
    ...(route.access === 'monitor' ? [403] : [400, 401, 503]),
    ...(route.access === 'operator' ? [403] : []),
    ...(hasFields(route.params) ? [404] : []),
    ...(route.method === 'POST' ? [413, 415] : []),
  ];
  return found.sort((a, b) => a - b);
}

function operation(route: RouteDoc): JsonObject {
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-z0-9]+/g, '_').replace(/_$/, '')}`,
    summary: route.summary,
    tags: [route.access],
    security: security[route.access],
    parameters: [...parameters('path', route.params), ...parameters('query', route.query), ...parameters('header', route.headers)],
    ...(route.body === null ? {} : { requestBody: jsonContent(jsonSchema(route.body, 'input')) }),
    responses: responses(route),
  };
}

function parameters(place: 'path' | 'query' | 'header', schema: z.ZodObject): JsonObject[] {
  const described = jsonSchema(schema, 'input') as { properties?: Record<string, JsonObject>; required?: string[] };
  const { properties = {}, required = [] } = described;
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function responses(route: RouteDoc): JsonObject {
  const problems = problemsOf(route).map((status) => [status, { description: 'A problem.', content: problemRef }] as const);
  const own = Object.entries(route.replies).map(([status, reply]) => [status, response(Number(status), reply)] as const);
  return Object.fromEntries([...problems, ...own]);
}

function response(status: number, { description, schema }: ReplyDoc): JsonObject {
  if (schema !== null) return { description, ...jsonContent(jsonSchema(schema, 'output')) };
  return status >= 400 ? { description, content: problemRef } : { description };
}

function jsonContent(schema: JsonObject): JsonObject {
  return { content: { 'application/json': { schema } } };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function hasFields(schema: z.ZodObject): boolean {
  return Object.keys(schema.shape).length > 0;
}
