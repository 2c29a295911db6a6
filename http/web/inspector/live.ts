// The WebSocket: shows the token, asks for topics, hands on frames, and comes back by itself when it was lost.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApi } from '../shared/api-context.ts';
import type { Api } from '../shared/api.ts';
import type { StateValue } from './state-values.ts';

export interface LiveMove {
  readonly matching_id: string;
  readonly edge: string;
  readonly id: string;
  readonly created_at: string;
  readonly from: string | null;
  readonly to: string;
  readonly event: string;
  readonly actor: string;
  readonly epoch: number;
  readonly version: number;
  readonly reason: string | null;
}

export interface MovesFrame {
  readonly type: '@mentorship.moves';
  readonly topic: string;
  readonly edges: Readonly<Record<string, number>>;
  readonly moves: readonly LiveMove[];
  readonly skipped: boolean;
}

export interface StepFrame {
  readonly type: '@mentorship.step';
  readonly topic: string;
  readonly machine: 'application' | 'import';
  readonly entity: string;
  readonly event: string;
  readonly value: StateValue;
  readonly status: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly started_at: string;
  readonly at: string;
}

export type LiveFrame =
  | MovesFrame
  | StepFrame
  | { readonly type: '@mentorship.hello'; readonly programme_rate: number }
  | { readonly type: '@mentorship.watching'; readonly topics: readonly string[] }
  | { readonly type: '@mentorship.resync' };

export type LiveState = 'connecting' | 'live' | 'lost';

const retryMs = [500, 1_000, 2_000, 5_000] as const;

export interface LiveOptions {
  readonly frames: 'own' | 'official';
  /** How many past moves of an entity come first. */
  readonly history: number;
}

const ownFrames: LiveOptions = { frames: 'own', history: 0 };

/** Frames of the topics as they come. `resync`: some were left out, or the connection was new. */
export function useLive(topics: readonly string[], onFrame: (frame: LiveFrame) => void, options: LiveOptions = ownFrames): LiveState {
  const api = useApi();
  const [state, setState] = useState<LiveState>('connecting');
  const listenerRef = useRef(onFrame);
  useEffect(() => {
    listenerRef.current = onFrame;
  }, [onFrame]);
  const connectionRef = useRef<Connection | null>(null);
  useEffect(() => {
    const made = new Connection(api, options, { tell: (frame) => listenerRef.current(frame), show: setState });
    connectionRef.current = made;
    return () => made.close();
  }, [api, options]);
  const wanted = topics.join(' ');
  useEffect(() => connectionRef.current?.watch(wanted === '' ? [] : wanted.split(' ')), [wanted, api, options]);
  return state;
}

class Connection {
  readonly #api: Api;
  readonly #options: LiveOptions;
  readonly #tell: (frame: LiveFrame) => void;
  readonly #show: (state: LiveState) => void;
  #socket: WebSocket | null = null;
  #topics: readonly string[] = [];
  #welcome = false;
  #failures = 0;
  #timer = 0;
  #closed = false;
  readonly #unwatchLock: () => void;

  constructor(api: Api, options: LiveOptions, { tell, show }: { tell: (frame: LiveFrame) => void; show: (state: LiveState) => void }) {
    this.#api = api;
    this.#options = options;
    this.#tell = tell;
    this.#show = show;
    this.#unwatchLock = api.watchLock(() => {
      if (api.lock === 'open' && !this.#welcome) this.#open();
    });
    this.#open();
  }

  watch(topics: readonly string[]): void {
    this.#topics = topics;
    if (this.#welcome) this.#ask();
  }

  close(): void {
    this.#closed = true;
    window.clearTimeout(this.#timer);
    this.#unwatchLock();
    this.#socket?.close();
  }

  #open(): void {
    window.clearTimeout(this.#timer);
    this.#socket?.close();
    const socket = new WebSocket(`${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/inspector/ws`);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      const token = this.#api.token();
      if (token !== null) socket.send(JSON.stringify({ type: '@mentorship.prove', token }));
    });
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)) as LiveFrame));
    socket.addEventListener('close', () => {
      if (this.#socket === socket) this.#retry();
    });
  }

  #hear(frame: LiveFrame): void {
    if (frame.type === '@mentorship.hello') {
      this.#welcome = true;
      this.#ask();
    } else if (frame.type === '@mentorship.watching') {
      // After a loss moves may have been missed.
      if (this.#failures > 0) this.#tell({ type: '@mentorship.resync' });
      this.#failures = 0;
      this.#show('live');
    }
    this.#tell(frame);
  }

  #ask(): void {
    this.#socket?.send(JSON.stringify({ type: '@mentorship.watch', topics: this.#topics, ...this.#options }));
  }

  #retry(): void {
    this.#welcome = false;
    if (this.#closed) return;
    this.#show('lost');
    const waitMs = retryMs[Math.min(this.#failures, retryMs.length - 1)];
    this.#failures += 1;
    this.#timer = window.setTimeout(() => this.#open(), waitMs);
  }
}
