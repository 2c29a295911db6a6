// The admin listener over a whole scene, and clients of its WebSocket.
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'undici';
import { createAdminServer } from '../../../http/listeners.ts';
import { createAdminGuards } from '../../../http/admin-access.ts';
import type { AdminUseCases } from '../../../http/use-cases.ts';
import type { Context } from '../../../runtime/context.ts';
import { allowedEvents, sendEvent } from '../../../runtime/mentorship/operator.ts';
import { openGuards } from '../listener.ts';

export interface Inspected {
  readonly port: number;
  /** Address of the socket with a query. */
  readonly url: (query?: string) => string;
}

export async function listenAdmin(ctx: Context, token: string | null = null): Promise<Inspected> {
  const useCases: AdminUseCases = {
    sendEvent: (input, signal) => sendEvent(ctx, input, signal),
    allowedEvents: async (matching) => allowedEvents(matching),
    retryTask: () => Promise.reject(new TypeError('no task is retried here')),
    runJob: () => Promise.reject(new TypeError('no jobs here')),
    personOf: () => Promise.reject(new TypeError('nobody is looked for here')),
    preview: () => Promise.reject(new TypeError('no phone is looked at here')),
  };
  const config = { ...ctx.config, admin: { host: '127.0.0.1', port: 0, token } };
  const guards = { ...openGuards, ...createAdminGuards(token) };
  const server = createAdminServer({ ...ctx, config }, { useCases, probes: {}, guards });
  onTestFinished(() => server.stop(0));
  const { port } = await server.start();
  return { port, url: (query = '') => `ws://127.0.0.1:${port}/inspector/ws${query}` };
}

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Client {
  readonly frames: readonly Frame[];
  say(message: unknown): void;
  /** The first frame, of those that came or will come, that fits. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>;
  readonly closed: Promise<number>;
  close(): void;
}

/** Resolves once the handshake is over; throws when it was refused. */
export async function connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Client> {
  const socket = new WebSocket(url, { headers: { ...headers } });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.addEventListener('message', ({ data }) => {
    frames.push(JSON.parse(String(data)) as Frame);
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code));
  });
  onTestFinished(() => socket.close());
  await Promise.race([once(socket, 'open'), once(socket, 'error').then(() => Promise.reject(new Error('the handshake was refused')))]);
  return {
    frames,
    closed,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    close: () => socket.close(),
    frame: (fits) => new Promise((resolve) => {
      const look = (): void => {
        const found = frames.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    }),
  };
}

export function ofType(type: string): (frame: Frame) => boolean {
  return (frame) => frame.type === type;
}
