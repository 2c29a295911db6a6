// What every call goes through: the log, the gate of an outage, the faults. Unary calls and streams answer in their own ways.
import {
  status as Grpc,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { failure } from '../errors.ts';
import type { CallInfo, Fault, Faults, Moment } from '../faults.ts';

export interface CallRecord extends CallInfo {
  readonly atMs: number;
  readonly request: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface CallContext {
  readonly faults: Faults;
  readonly calls: CallRecord[];
  readonly nowMs: () => number;
  /** Resolves when calls are let through; never, in a black hole. */
  readonly gate: () => Promise<void>;
  readonly loseSession: (sessionId: string) => void;
  readonly endAttach: (sessionId: string) => void;
}

/** Ends a call with a gRPC code rather than with a reply. */
export class GrpcFailure extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`gRPC ${code}`);
    this.code = code;
  }
}

/** Ends a stream in order. */
export class StreamEnd extends Error {}

interface Described {
  readonly sessionId?: string | null;
  readonly queryContent?: { readonly text?: string | null } | null;
  readonly query?: { readonly yqlText?: string | null } | null;
}

function describe(rpc: string, request: object): CallInfo {
  const { sessionId, queryContent, query } = request as Described;
  return { rpc, sessionId: sessionId ?? '', text: queryContent?.text ?? query?.yqlText ?? '' };
}

function record(context: CallContext, info: CallInfo, call: { request: unknown; metadata: Metadata }): void {
  context.calls.push({ ...info, atMs: context.nowMs(), request: call.request, metadata: call.metadata.getMap() });
}

export interface Hint {
  trailer: Metadata | null;
}

const effects: {
  readonly [Kind in Fault['kind']]: (
    fault: Fault & { readonly kind: Kind },
    info: CallInfo,
    place: { context: CallContext; hint: Hint },
  ) => Promise<void> | void;
} = {
  status: ({ status, message }) => {
    throw failure(status, message ?? 'a fault on request');
  },
  grpc: ({ code }) => {
    throw new GrpcFailure(code);
  },
  end: () => {
    throw new StreamEnd();
  },
  delay: async ({ ms }) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
  },
  hang: () => new Promise<void>(() => {}),
  'lose-session': (_, { sessionId }, { context }) => context.loseSession(sessionId),
  'end-attach': (_, { sessionId }, { context }) => context.endAttach(sessionId),
  // The query service writes it: see the part before the others.
  'large-part': () => {},
  'close-hint': (_, __, { hint }) => {
    hint.trailer = new Metadata();
    hint.trailer.set('x-ydb-server-hints', 'session-close');
  },
};

export async function playFault(context: CallContext, info: CallInfo, { at, hint }: { at: Moment; hint: Hint }): Promise<Fault | null> {
  const fault = context.faults.take(info, at);
  if (fault !== null) await (
    effects[fault.kind] as (one: Fault, info: CallInfo, place: { context: CallContext; hint: Hint }) => Promise<void> | void
  )(fault, info, { context, hint });
  return fault;
}

/** `failed` makes the reply of a refusal; a fault after the effect takes the place of the true reply. */
export function unary<Request extends object, Response>(
  context: CallContext,
  rpc: string,
  { handle, failed }: { handle: (request: Request) => Promise<Response> | Response; failed: (error: unknown) => Response },
): handleUnaryCall<Request, Response> {
  const answer = async (call: ServerUnaryCall<Request, Response>, hint: Hint): Promise<Response> => {
    const info = describe(rpc, call.request);
    record(context, info, call);
    await context.gate();
    try {
      await playFault(context, info, { at: 'before', hint });
      const response = await handle(call.request);
      await playFault(context, info, { at: 'after', hint });
      return response;
    } catch (error) {
      if (error instanceof GrpcFailure || error instanceof StreamEnd) throw error;
      return failed(error);
    }
  };
  return (call, reply) => {
    const hint: Hint = { trailer: null };
    answer(call, hint).then(
      (response) => reply(null, response, hint.trailer ?? undefined),
      (error: unknown) => reply({ code: error instanceof GrpcFailure ? error.code : Grpc.UNAVAILABLE, details: String(error) }),
    );
  };
}

export interface StreamCall<Request, Part> {
  readonly request: Request;
  readonly info: CallInfo;
  readonly signal: AbortSignal;
  readonly hint: Hint;
  readonly write: (part: Part) => void;
}

export function streaming<Request extends object, Part>(
  context: CallContext,
  rpc: string,
  { handle, failed }: { handle: (call: StreamCall<Request, Part>) => Promise<void>; failed: (error: unknown) => Part },
): handleServerStreamingCall<Request, Part> {
  const answer = async (call: ServerWritableStream<Request, Part>, hint: Hint): Promise<void> => {
    const info = describe(rpc, call.request);
    record(context, info, call);
    await context.gate();
    const cancelled = new AbortController();
    call.on('cancelled', () => cancelled.abort());
    if (call.cancelled) return;
    const write = (part: Part): void => void (call.cancelled || call.write(part));
    try {
      await playFault(context, info, { at: 'before', hint });
      await handle({ request: call.request, info, signal: cancelled.signal, hint, write });
      await playFault(context, info, { at: 'after', hint });
    } catch (error) {
      if (error instanceof StreamEnd) return;
      if (error instanceof GrpcFailure) throw error;
      write(failed(error));
    }
  };
  return (call) => {
    const hint: Hint = { trailer: null };
    answer(call, hint).then(
      () => call.end(hint.trailer ?? undefined),
      (error: unknown) => call.emit(
        'error',
        Object.assign(new Error('a fault on request'), { code: error instanceof GrpcFailure ? error.code : Grpc.INTERNAL }),
      ),
    );
  };
}

