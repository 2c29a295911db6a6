// The routes table as an OpenAPI 3.1 document.
import { z } from 'zod';
import { serviceVersion } from '../runtime/version.ts';
import type { Access } from './access.ts';
import { curlOf, examples, type RouteExample } from './examples.ts';
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

const howToRead = `The driver API and the admin API, which are two listeners.

The calls shown as examples run against the demo, with these shell variables set:

- \`DRIVER\`, \`ADMIN\`: the addresses of the listeners, which the demo prints
- \`TOKEN\`: a driver's token, which the demo prints; \`ADMIN_TOKEN\` where that is set
- \`MATCHING\`: an id from the contacts or from \`/admin/v1/matchings\`
- \`TASK\`: an id from \`/admin/v1/tasks\``;

const adminServer = { url: '/', description: 'The admin listener, which serves this document.' };
const driverServer = {
  url: 'http://{host}:{port}',
  description: 'The driver listener.',
  variables: { host: { default: 'localhost' }, port: { default: '8080', description: 'HTTP_PORT.' } },
};

export function openApiDocument(routes: readonly RouteDoc[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.1',
    info: { title: 'contractor-mentorship', version: serviceVersion, description: howToRead },
    servers: [adminServer, driverServer],
    tags: [
      { name: 'driver', description: 'For the drivers\' app.' },
      { name: 'operator', description: 'For operators: the console and the command line use the same.' },
      { name: 'monitor', description: 'For probes and Prometheus; no token.' },
    ],
    paths,
    components: { securitySchemes, schemas: { Problem: jsonSchema(problem, 'output') } },
  };
}

/** Statuses of the problems a route may reply with, besides those it documents itself. */
export function problemsOf(route: RouteDoc): number[] {
  const found = [
    400, ...(route.access === 'monitor' ? [403] : [401, 503]),
    ...(route.access === 'operator' ? [403] : []),
    ...(route.access === 'driver' ? [429] : []),
    ...(hasFields(route.params) ? [404] : []),
    ...(route.method === 'POST' ? [413, 415] : []),
  ];
  return found.sort((a, b) => a - b);
}

function operation(route: RouteDoc): JsonObject {
  const example = examples[`${route.method} ${route.path}`];
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-z0-9]+/g, '_').replace(/_$/, '')}`,
    summary: route.summary,
    tags: [route.access],
    servers: [route.access === 'driver' ? driverServer : adminServer],
    security: security[route.access],
    parameters: [
      ...parameters('path', route.params, example?.params), ...parameters('query', route.query, example?.query),
      ...parameters('header', route.headers, example?.headers),
    ],
    ...(route.body === null ? {} : { requestBody: jsonContent(jsonSchema(route.body, 'input'), example?.body) }),
    responses: responses(route, example),
    ...(example === undefined ? {} : { 'x-code-samples': [{ lang: 'Shell', label: 'curl', source: curlOf(route, example) }] }),
  };
}

function parameters(place: 'path' | 'query' | 'header', schema: z.ZodObject, example: Readonly<Record<string, string>> = {}): JsonObject[] {
  const described = jsonSchema(schema, 'input') as { properties?: Record<string, JsonObject>; required?: string[] };
  const { properties = {}, required = [] } = described;
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
    ...(example[name] === undefined ? {} : { example: typed(example[name], rest['type']) }),
  }));
}

/** A parameter travels as text; its example is of the schema's type. */
function typed(text: string, type: unknown): string | number | boolean {
  if (type === 'integer') return Number(text);
  return type === 'boolean' ? text === 'true' : text;
}

function responses(route: RouteDoc, example: RouteExample | undefined): JsonObject {
  const problems = problemsOf(route).map((status) => [status, { description: 'A problem.', content: problemRef }] as const);
  const own = Object.entries(route.replies).map(([status, reply]) => [status, response(Number(status), reply, example?.status === Number(status) ? example.reply : undefined)] as const);
  return Object.fromEntries([...problems, ...own]);
}

function response(status: number, { description, schema }: ReplyDoc, example: unknown): JsonObject {
  if (schema !== null) return { description, ...jsonContent(jsonSchema(schema, 'output'), example) };
  return status >= 400 ? { description, content: problemRef } : { description };
}

function jsonContent(schema: JsonObject, example?: unknown): JsonObject {
  return { content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } } };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function hasFields(schema: z.ZodObject): boolean {
  return Object.keys(schema.shape).length > 0;
}
