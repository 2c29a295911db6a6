// The routes table: one entry per endpoint, read by the router, by the OpenAPI document and by the written reference alike.
import { z } from 'zod';
import type { Access, CallerOf, Guards, LevelGuards } from './access.ts';
import { decoderOf, nothing, readBody, readQuery } from './input.ts';
import type { Reply } from './reply.ts';
import type { RequestHead } from './request-head.ts';

export interface ReplyDoc {
  readonly description: string;
  /** Null for a reply without a JSON body. */
  readonly schema: z.ZodType | null;
}

/** What the documents need of a route. */
export interface RouteDoc {
  readonly method: 'GET' | 'POST';
  /** With `{name}` for a path parameter. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly headers: z.ZodObject;
  /** Null when the endpoint reads nothing from a body. */
  readonly body: z.ZodType | null;
  readonly replies: Readonly<Record<number, ReplyDoc>>;
}

/** A request that found its route, before anything of it was checked. */
export interface Call {
  readonly head: RequestHead;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly guards: Guards;
  /** Adds headers to whatever the reply will be. */
  readonly tell: (headers: Readonly<Record<string, string>>) => void;
}

export interface Route<Ctx> extends RouteDoc {
  /** Admits the caller, decodes the input, handles. */
  readonly answer: (ctx: Ctx, call: Call, signal: AbortSignal) => Promise<Reply>;
}

export interface RouteInput<Level extends Access, Params, Query, Headers, Body> {
  readonly caller: CallerOf[Level];
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
}

export interface RouteSpec<
  Ctx,
  Level extends Access,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends z.ZodType,
> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly access: Level;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly headers?: Headers;
  readonly body?: Body;
  readonly replies: Readonly<Record<number, ReplyDoc>>;
  readonly handle: (
    ctx: Ctx,
    input: RouteInput<Level, z.output<Params>, z.output<Query>, z.output<Headers>, z.output<Body>>,
    signal: AbortSignal,
  ) => Promise<Reply>;
}

const none = z.strictObject({});
const anyHeaders = z.object({});

export function defineRoute<
  Ctx,
  Level extends Access,
  Params extends z.ZodObject = typeof none,
  Query extends z.ZodObject = typeof none,
  Headers extends z.ZodObject = typeof anyHeaders,
  Body extends z.ZodType = z.ZodUnknown,
>(spec: RouteSpec<Ctx, Level, Params, Query, Headers, Body>): Route<Ctx> {
  const { handle, method, path, access, summary, replies } = spec;
  // A left-out schema has its default as type argument: the casts say no more than that.
  const params = spec.params ?? (none as z.ZodObject as Params);
  const query = spec.query ?? (none as z.ZodObject as Query);
  const headers = spec.headers ?? (anyHeaders as z.ZodObject as Headers);
  const body = spec.body ?? (z.unknown() as z.ZodType as Body);
  const read = {
    params: decoderOf('path', params),
    query: decoderOf('query', query),
    headers: decoderOf('header', headers),
    body: decoderOf('body', body),
  };
  const headerNames = Object.keys(headers.shape);
  return {
    method, path, access, summary, params, query, headers, body: spec.body ?? null, replies,
    answer: async (ctx, call, signal) => {
      const guards: LevelGuards = call.guards;
      const caller = await guards[access](call.head);
      if (caller !== null && call.guards.quota !== undefined) call.tell(call.guards.quota(caller));
      const input = {
        caller,
        params: read.params(call.params),
        query: read.query(readQuery(call.head.query)),
        headers: read.headers(pick(call.head.headers, headerNames)),
        body: read.body(method === 'POST' ? readBody(call.head, call.body) : nothing),
      };
      return handle(ctx, input, signal);
    },
  };
}

function pick(headers: ReadonlyMap<string, string>, names: readonly string[]): Readonly<Record<string, string>> {
  const picked: Record<string, string> = {};
  let found = 0;
  for (const name of names) {
    const value = headers.get(name);
    if (value === undefined) continue;
    picked[name] = value;
    found += 1;
  }
  return found === 0 ? nothing : picked;
}
