// The routes table against the contract, and the documents made from it.
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { adminRoutes } from '../../http/admin/routes.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import { openApiDocument } from '../../http/openapi.ts';
import { httpReference } from '../../http/reference.ts';
import { startAdminApi } from './admin-fakes.ts';

const driverContract = [
  'POST /driver/v1/mentorship/participation',
  'GET /driver/v1/mentorship/participation',
  'GET /driver/v1/mentorship/offer',
  'GET /driver/v1/mentorship/contacts',
  'GET /driver/v1/mentorship/contacts/{matching_id}/messages',
  'POST /driver/v1/mentorship/contacts/{matching_id}/read',
];
const adminContract = [
  'GET /live',
  'GET /ready',
  'GET /metrics',
  'GET /admin/v1/matchings',
  'GET /admin/v1/matchings/{id}',
  'POST /admin/v1/matchings/{id}/events',
  'GET /admin/v1/tasks',
  'POST /admin/v1/tasks/{id}/retry',
  'GET /admin/v1/jobs',
  'POST /admin/v1/jobs/{name}/run',
  'GET /admin/v1/jobs/runs',
  'GET /admin/v1/rejects',
  'GET /admin/v1/funnel',
  'GET /openapi.json',
];

function endpoints(routes: readonly { method: string; path: string }[]): string[] {
  return routes.map(({ method, path }) => `${method} ${path}`).sort();
}

test('the routes are those of the contract', () => {
  expect(endpoints(driverRoutes)).toEqual([...driverContract].sort());
  expect(endpoints(adminRoutes)).toEqual(expect.arrayContaining(adminContract));
});

test('every driver endpoint asks for a driver, every other one but the monitors for an operator', () => {
  expect(new Set(driverRoutes.map(({ access }) => access))).toEqual(new Set(['driver']));
  const monitors = adminRoutes.filter(({ access }) => access === 'monitor').map(({ path }) => path);
  expect(monitors).toEqual(['/live', '/ready', '/metrics']);
  expect(adminRoutes.every(({ access }) => access !== 'driver')).toBe(true);
});

test('every path parameter has a schema and every schema a parameter', () => {
  for (const { path, params } of [...driverRoutes, ...adminRoutes]) {
    expect(Object.keys(params.shape)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
});

test('serves a valid OpenAPI document with every endpoint in it', async () => {
  const { url } = await startAdminApi();
  const document = (await (await fetch(url('/openapi.json'))).json()) as { paths: Record<string, object> };
  const result = await new Validator().validate(document);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({ method: method.toUpperCase(), path })),
  );
  expect(endpoints(documented)).toEqual(endpoints([...driverRoutes, ...adminRoutes]));
});

test('the document tells inputs, replies and security of an endpoint', () => {
  const { paths } = openApiDocument(driverRoutes) as { paths: Record<string, Record<string, Record<string, unknown>>> };
  const contacts = paths['/driver/v1/mentorship/contacts']?.['get'];
  expect(contacts?.['security']).toEqual([{ driverToken: [] }]);
  expect(contacts?.['parameters']).toContainEqual({
    name: 'limit',
    in: 'query',
    required: false,
    description: 'Page size, 50 by default.',
    schema: { type: 'integer', minimum: 1, maximum: 100 },
    example: 20,
  });
  expect(Object.keys(contacts?.['responses'] ?? {})).toEqual(['200', '304', '400', '401', '429', '503']);
  const read = paths['/driver/v1/mentorship/contacts/{matching_id}/read']?.['post'];
  const schema = { properties: { read_through: { format: 'date-time' } } };
  expect(read?.['requestBody']).toMatchObject({ content: { 'application/json': { schema } } });
});

test('operation ids are unique', () => {
  const document = openApiDocument([...driverRoutes, ...adminRoutes]);
  const paths = document['paths'] as Record<string, Record<string, { operationId: string }>>;
  const ids = Object.values(paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
});

test('the written reference has a row for every endpoint', () => {
  const text = httpReference();
  for (const endpoint of endpoints([...driverRoutes, ...adminRoutes])) expect(text).toContain(`| \`${endpoint}\` |`);
  expect(text).toContain('`{type, mentor_park_id, mentor_driver_id, connected_dttm, reason}`');
  expect(text).toBe(httpReference());
});
