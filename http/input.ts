// Turns what came over the wire into the typed input of a route; a mistake is a problem that names the field, never its value.
import type { z } from 'zod';
import { parseJson } from './json.ts';
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';

/** What `part` of the request the schema reads, for the wording. */
type Part = 'query' | 'path' | 'header' | 'body';

const fieldName = /^[A-Za-z_][\w.-]{0,63}$/;

export type Decoder<Output> = (raw: unknown) => Output;

/** What a request says nothing in. It has no fields, and `decoderOf` knows it again. */
export const nothing: Readonly<Record<string, string>> = Object.freeze({});

/** Most requests say nothing in most of their parts, and what that means is decoded once: nobody may change an input. */
export function decoderOf<Schema extends z.ZodType>(part: Part, schema: Schema): Decoder<z.output<Schema>> {
  let meant: { readonly output: z.output<Schema> } | null = null;
  return (raw) => (raw === nothing ? (meant ??= { output: decode(part, schema, {}) }).output : decode(part, schema, raw));
}

function decode<Schema extends z.ZodType>(part: Part, schema: Schema, raw: unknown): z.output<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new HttpProblem('invalid_input', parsed.error.issues.map((issue) => describeIssue(part, issue)).join(' '));
}

/** Every parameter once: which of two values was meant, nobody can tell. */
export function readQuery(query: string): Readonly<Record<string, string>> {
  if (query === '') return nothing;
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) throw new HttpProblem('invalid_input', `The query parameter ${quote(name)} is given more than once.`);
    values.set(name, value);
  }
  return Object.fromEntries(values);
}

/** No body reads as `{}`, so that fields are what is missing. */
export function readBody(head: RequestHead, body: Uint8Array): unknown {
  if (body.length === 0) return {};
  if (!isJson(head.headers.get('content-type') ?? '')) {
    throw new HttpProblem('unsupported_media_type', 'The body must be application/json.', { Accept: 'application/json' });
  }
  const result = parseJson(body);
  if (!result.ok) throw new HttpProblem('malformed_json', result.mistake);
  return result.value;
}

export function isJson(contentType: string): boolean {
  return /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(contentType);
}

function describeIssue(part: Part, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `Unknown ${noun(part)} ${issue.keys.map(quote).join(', ')}.`;
  const path = issue.path.map(String).join('.');
  const subject = path === '' ? `The ${part}` : `The ${noun(part)} ${quote(path)}`;
  const missing = issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message);
  return `${subject} ${missing ? 'is required' : lowerFirst(issue.message)}.`;
}

const nouns = { query: 'query parameter', path: 'path parameter', header: 'header', body: 'field' } as const satisfies Record<Part, string>;

function noun(part: Part): string {
  return nouns[part];
}

/** A name that a client made up is shown only when it could be one of ours: anything else may be somebody's phone or name. */
function quote(name: string): string {
  return fieldName.test(name) ? JSON.stringify(name) : '(a name that no field has)';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
