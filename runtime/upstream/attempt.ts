// One HTTP exchange with an upstream, told as a value: what came back, or why nothing did.
import type { Dispatcher, Pool } from 'undici';
import { ServiceError } from '../errors.ts';
import { currentTraceparent } from '../trace.ts';
import { startDeadline } from './deadline.ts';
import { retryAfterMs } from './retry.ts';

const maxReplyBytes = 1024 * 1024;

export type Attempt =
  | { readonly kind: 'replied'; readonly text: string }
  | { readonly kind: 'oversized' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly status: number }
  /** A status outside the contract, such as 401: an operator's mistake that a quick retry will not mend. */
  | { readonly kind: 'unexpected'; readonly status: number }
  | { readonly kind: 'outage'; readonly reason: string; readonly retryAfterMs: number; readonly cause?: unknown };

export interface Exchange {
  readonly pool: Pool;
  /** With the base URL's path and the query. */
  readonly path: string;
  /** Sent with POST; without it the exchange is a GET. */
  readonly body: string | null;
  readonly attemptMs: number;
}

export interface Limits {
  /** The deadline of the whole call; aborted by the caller too. */
  readonly total: AbortSignal;
  readonly caller: AbortSignal | undefined;
}

/** Throws `cancelled` when the caller went away; everything the upstream does is a value. */
export async function attempt(exchange: Exchange, limits: Limits): Promise<Attempt> {
  const deadline = startDeadline(exchange.attemptMs, limits.total);
  try {
    return await send(exchange, deadline.signal);
  } catch (cause) {
    if (limits.caller?.aborted === true) throw new ServiceError('cancelled', 'the caller went away', { cause });
    const reason = deadline.signal.aborted ? 'did not answer in time' : 'broke the connection';
    return { kind: 'outage', reason, retryAfterMs: 0, cause };
  } finally {
    deadline.end();
  }
}

async function send(exchange: Exchange, signal: AbortSignal): Promise<Attempt> {
  const { pool, path, body } = exchange;
  const method = body === null ? 'GET' : 'POST';
  const reply = await pool.request({ path, method, body, headers: headers(body), signal });
  if (reply.statusCode === 200) return read(reply.body);
  // The status says it all; the rest is read only to free the connection, within the pool's own timeouts.
  void reply.body.dump();
  return judge(reply.statusCode, reply.headers);
}

function headers(body: string | null): Record<string, string> {
  const traceparent = currentTraceparent();
  return {
    accept: 'application/json',
    ...(body === null ? {} : { 'content-type': 'application/json' }),
    ...(traceparent === null ? {} : { traceparent }),
  };
}

async function read(body: Dispatcher.ResponseData['body']): Promise<Attempt> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop drops the connection: the rest of an endless reply is never received.
    if (bytes > maxReplyBytes) return { kind: 'oversized' };
    chunks.push(chunk);
  }
  return { kind: 'replied', text: Buffer.concat(chunks).toString('utf8') };
}

const refusals: ReadonlySet<number> = new Set([400, 413, 422]);
const overloads: ReadonlySet<number> = new Set([408, 429]);

function judge(status: number, replyHeaders: Dispatcher.ResponseData['headers']): Attempt {
  if (status === 404) return { kind: 'absent' };
  if (refusals.has(status)) return { kind: 'refused', status };
  if (status < 500 && !overloads.has(status)) return { kind: 'unexpected', status };
  return { kind: 'outage', reason: `answered ${status}`, retryAfterMs: retryAfterMs(replyHeaders['retry-after'], Date.now()) };
}
