// One upstream contract (docs/contracts/*.yaml) as checks: the schemas of its requests and replies.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

type Json = Record<string, unknown>;

export interface Contract {
  readonly document: Json;
  /** What a request's JSON body must satisfy; throws for an operation outside the contract. */
  requestBody(method: string, path: string): z.ZodType;
  /** By name, the query parameters of an operation. */
  query(method: string, path: string): ReadonlyMap<string, z.ZodType>;
  /** What the reply of this status must satisfy; throws for a status outside the contract. */
  reply(operation: { method: string; path: string }, status: number): z.ZodType;
  schema(name: string): z.ZodType;
  /** Every example written beside a schema. */
  examples(): { schema: string; example: unknown }[];
}

const folder = new URL('../../docs/contracts/', import.meta.url);

export async function readContract(name: string): Promise<Contract> {
  const document = parse(await readFile(new URL(`${name}.yaml`, folder), 'utf8')) as Json;
  const schemas = at(document, 'components', 'schemas');
  const operation = (method: string, path: string): Json => at(document, 'paths', path, method.toLowerCase());
  const check = (schema: unknown): z.ZodType => toZod(schema as Json, schemas);
  return {
    document,
    requestBody: (method, path) => check(at(operation(method, path), 'requestBody', 'content', 'application/json', 'schema')),
    query: (method, path) => {
      const parameters = operation(method, path)['parameters'] as Json[];
      const inQuery = parameters.filter((parameter) => parameter['in'] === 'query');
      return new Map(inQuery.map((parameter) => [parameter['name'] as string, check(parameter['schema'])]));
    },
    reply: ({ method, path }, status) => {
      const responses = at(operation(method, path), 'responses');
      const written = responses[String(status)] ?? responses[`${String(status)[0]}XX`];
      const response = resolve(document, written as Json);
      return check(at(response, 'content', 'application/json', 'schema'));
    },
    schema: (schemaName) => check(at(schemas, schemaName)),
    examples: () =>
      Object.entries(schemas).flatMap(([schema, body]) =>
        ((body as Json)['examples'] as unknown[] | undefined ?? []).map((example) => ({ schema, example })),
      ),
  };
}

function at(node: Json, ...steps: string[]): Json {
  let found: unknown = node;
  for (const step of steps) found = (found as Json | undefined)?.[step];
  if (typeof found !== 'object' || found === null) throw new Error(`the contract has no ${steps.join(' / ')}`);
  return found as Json;
}

function resolve(document: Json, node: Json | undefined): Json {
  const reference = node?.['$ref'];
  if (typeof reference === 'string') return at(document, ...reference.replace('#/', '').split('/'));
  return at({ node }, 'node');
}

/** OpenAPI 3.1 schemas are JSON Schema 2020-12; only the place that references point at differs. */
function toZod(schema: Json, schemas: Json): z.ZodType {
  const standalone = JSON.stringify({ ...schema, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(standalone) as Parameters<typeof z.fromJSONSchema>[0]);
}
