// WebSocket /inspector/ws: who may listen, and the limits of what one may ask. Where a token is needed nothing is sent before it was
// shown: in the Authorization header of the handshake, or in the first message, since browsers cannot set headers there.
import type { HttpResponse, us_socket_context_t, WebSocketBehavior } from 'uWebSockets.js';
import type { Log } from '../../runtime/log.ts';
import type { SocketGuard } from '../admin-access.ts';
import { HttpProblem, problemReply } from '../problem.ts';
import { readHead, type RequestHead } from '../request-head.ts';
import type { SocketRoute } from '../server.ts';
import { newTraceId } from '../trace.ts';
import { writeReply } from '../write-reply.ts';
import type { InspectorHub } from './hub.ts';
import { refusalFrame } from './own-frames.ts';
import { parseRequest, watchOfQuery, type WatcherRequest, type WatchRequest } from './requests.ts';
import { Watcher } from './watcher.ts';

export interface InspectorSocketOptions {
  readonly hub: InspectorHub;
  readonly guard: SocketGuard;
  readonly log: Log;
  readonly limits?: Partial<SocketLimits>;
}

export interface SocketLimits {
  readonly connections: number;
  readonly proofWithinMs: number;
  readonly messageBytes: number;
  /** Messages of one connection in ten seconds. */
  readonly messages: number;
}

const defaultLimits: SocketLimits = { connections: 64, proofWithinMs: 5_000, messageBytes: 4_096, messages: 40 };
const messageWindowMs = 10_000;
const closeCodes = { malformed: 4400, unproven: 4401, tooMany: 4429 } as const;

interface Connection {
  readonly asked: WatchRequest | null;
  proven: boolean;
  watcher: Watcher | null;
  proofTimer: NodeJS.Timeout | null;
  messages: number;
  windowEndsMs: number;
}

type Behavior = WebSocketBehavior<Connection>;
type Opened = Parameters<NonNullable<Behavior['open']>>[0];

export function inspectorSocket(options: InspectorSocketOptions): SocketRoute {
  const limits = { ...defaultLimits, ...options.limits };
  const { hub, guard } = options;
  let open = 0;
  const behavior: Behavior = {
    maxPayloadLength: limits.messageBytes,
    // Above the watcher's own limit, so that the library never drops a frame by itself.
    maxBackpressure: 16 * 1_048_576,
    idleTimeout: 120,
    sendPingsAutomatically: true,
    upgrade: (res, req, context) => {
      const head = readHead(res, req);
      void admit(res, head, { context, guard, full: () => open >= limits.connections });
    },
    open: (ws) => {
      open += 1;
      const connection = ws.getUserData();
      connection.watcher = new Watcher(ws);
      if (connection.proven) welcome(hub, connection);
      else connection.proofTimer = setTimeout(() => ws.end(closeCodes.unproven, 'no token was shown in time'), limits.proofWithinMs);
    },
    message: (ws, message) => {
      if (isTooMany(ws.getUserData(), limits.messages)) ws.end(closeCodes.tooMany, 'too many messages');
      else receive(ws, parseRequest(Buffer.from(message).toString('utf8')), options);
    },
    drain: (ws) => {
      const { watcher } = ws.getUserData();
      if (watcher !== null) void hub.drained(watcher);
    },
    close: (ws) => {
      open -= 1;
      const { watcher, proofTimer } = ws.getUserData();
      if (proofTimer !== null) clearTimeout(proofTimer);
      watcher?.closed();
      if (watcher !== null) hub.leave(watcher);
    },
  };
  return { path: '/inspector/ws', behavior: behavior as WebSocketBehavior<unknown>, close: () => hub.close() };
}

interface Admission {
  readonly context: us_socket_context_t;
  readonly guard: SocketGuard;
  readonly full: () => boolean;
}

async function admit(res: HttpResponse, head: RequestHead, { context, guard, full }: Admission): Promise<void> {
  let gone = false;
  res.onAborted(() => { gone = true; });
  const verdict = await guard.admit(head).then((proven) => ({ proven }), (error: unknown) => ({ error }));
  if (gone) return;
  const refusal = 'error' in verdict ? verdict.error : full() ? new HttpProblem('too_many_watchers', 'Too many watch already.') : null;
  res.cork(() => {
    if (refusal !== null || 'error' in verdict) {
      writeReply(res, problemReply(refusal, newTraceId()), { headOnly: false, closeConnection: true });
      return;
    }
    const connection: Connection = {
      asked: watchOfQuery(head.query), proven: verdict.proven, watcher: null, proofTimer: null, messages: 0, windowEndsMs: 0,
    };
    const header = (name: string): string => head.headers.get(`sec-websocket-${name}`) ?? '';
    res.upgrade(connection, header('key'), header('protocol'), header('extensions'), context);
  });
}

function welcome(hub: InspectorHub, { watcher, asked }: Connection): void {
  if (watcher === null) return;
  hub.join(watcher);
  if (asked !== null) void hub.watch(watcher, asked);
}

function receive(ws: Opened, request: WatcherRequest | { type: 'malformed'; reason: string }, { hub, guard }: InspectorSocketOptions): void {
  const connection = ws.getUserData();
  if (!connection.proven && request.type === 'prove' && guard.proves(request.token)) {
    connection.proven = true;
    if (connection.proofTimer !== null) clearTimeout(connection.proofTimer);
    welcome(hub, connection);
  } else if (!connection.proven) {
    // Whatever else an unknown speaker says ends the talk.
    ws.end(closeCodes.unproven, 'the token was not accepted');
  } else if (request.type === 'watch' && connection.watcher !== null) {
    void hub.watch(connection.watcher, request);
  } else if (request.type === 'malformed') {
    ws.send(refusalFrame(request.reason));
    ws.end(closeCodes.malformed, 'not a request');
  }
}

function isTooMany(connection: Connection, limit: number): boolean {
  const nowMs = performance.now();
  if (nowMs > connection.windowEndsMs) {
    connection.windowEndsMs = nowMs + messageWindowMs;
    connection.messages = 0;
  }
  connection.messages += 1;
  return connection.messages > limit;
}
