// A local server of YDB's gRPC API, with memory of its own: for tests and the demo. Outages keep the data, as a cluster does.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type FullScan, Engine } from './engine.ts';
import { Status } from './errors.ts';
import { Faults, type FaultRule, seededRandom } from './faults.ts';
import { Gate } from './gate.ts';
import { type Inspector, inspectorOf } from './inspect.ts';
import type { CallContext, CallRecord } from './services/calls.ts';
import { discoveryDefinition, discoveryService } from './services/discovery.ts';
import { queryDefinition, queryService } from './services/query.ts';
import { schemeDefinition, schemeService } from './services/scheme.ts';
import { tableDefinition, tableService } from './services/table.ts';
import { Sessions } from './sessions.ts';
import { Store, sweepExpired } from './storage/store.ts';

export interface YdbServerOptions {
  /** 0, the default, picks a free one. */
  readonly port?: number;
  readonly nowMs?: () => number;
  readonly seed?: number;
  readonly faults?: readonly FaultRule[];
  /** A larger result comes in several parts. */
  readonly rowsPerPart?: number;
  /** How often expired rows are deleted; null leaves it to `sweep`. */
  readonly sweepEveryMs?: number | null;
  readonly asyncIndexDelayMs?: number;
}

const database = '/local';
const messageLimitBytes = 64 * 1024 * 1024;
const hourMs = 3_600_000;

export class YdbServer {
  readonly faults: Faults;
  readonly calls: CallRecord[] = [];
  readonly tables: Inspector;
  readonly #store: Store;
  readonly #engine: Engine;
  readonly #querySessions: Sessions;
  readonly #tableSessions: Sessions;
  readonly #context: CallContext;
  readonly #gate = new Gate();
  readonly #nowMs: () => number;
  readonly #rowsPerPart: number;
  readonly #sweep: NodeJS.Timeout | null;
  #shiftMs = 0;
  #grpc: Server | null = null;
  #port: number;

  constructor(options: YdbServerOptions) {
    const random = seededRandom(options.seed ?? 1);
    this.#port = options.port ?? 0;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#rowsPerPart = options.rowsPerPart ?? 100;
    this.#store = new Store(database, { nowMicros: () => BigInt(Math.floor(this.nowMs() * 1_000)) });
    this.#store.asyncIndexDelayMs = options.asyncIndexDelayMs ?? 0;
    this.#engine = new Engine(this.#store, random);
    this.#querySessions = new Sessions(this.#store, 'query');
    this.#tableSessions = new Sessions(this.#store, 'table');
    this.faults = new Faults(random);
    for (const rule of options.faults ?? []) this.faults.add(rule);
    this.tables = inspectorOf(this.#store);
    this.#context = this.#callContext();
    const every = options.sweepEveryMs === undefined ? hourMs : options.sweepEveryMs;
    this.#sweep = every === null ? null : setInterval(() => this.sweep(), every).unref();
  }

  get port(): number {
    return this.#port;
  }

  get connectionString(): string {
    return `grpc://127.0.0.1:${this.#port}${database}`;
  }

  get sessions(): number {
    return this.#querySessions.size;
  }

  get openTransactions(): number {
    return this.#querySessions.openTransactions + this.#tableSessions.openTransactions;
  }

  /** Reads that no key bounds, with their texts: each would read a whole table of a real database. */
  get fullScans(): readonly FullScan[] {
    return this.#engine.fullScans;
  }

  nowMs(): number {
    return this.#nowMs() + this.#shiftMs;
  }

  /** Moves the server's clock, and no other. */
  advance(ms: number): void {
    this.#shiftMs += ms;
  }

  /** Deletes what TTL has made old; answers how many rows. */
  sweep(): number {
    return sweepExpired(this.#store);
  }

  /** The text by itself, from inside the process; for preparing tables. */
  execute(text: string): void {
    this.#engine.run({ text, parameters: null }, null);
  }

  /** Calls wait until `resume`. */
  pause(): void {
    this.#gate.shut('wait');
  }

  /** Calls that come from now on are never answered, not even after `resume`. */
  blackHole(): void {
    this.#gate.shut('drop');
  }

  resume(): void {
    this.#gate.open();
  }

  /** Ends every session, as a node does that is about to leave. */
  endSessions(): void {
    this.#querySessions.endAll(Status.BAD_SESSION);
    this.#tableSessions.endAll(Status.BAD_SESSION);
  }

  /** As if the process died: connections break, sessions and open transactions are gone, data stays. */
  async stopListening(): Promise<void> {
    const grpc = this.#grpc;
    this.#grpc = null;
    grpc?.forceShutdown();
    this.#querySessions.endAll(Status.UNAVAILABLE);
    this.#tableSessions.endAll(Status.UNAVAILABLE);
    await Promise.resolve();
  }

  /** On the port of before. */
  async listenAgain(): Promise<void> {
    if (this.#grpc !== null) return;
    const grpc = new Server({ 'grpc.max_receive_message_length': messageLimitBytes, 'grpc.max_send_message_length': messageLimitBytes });
    const [context, engine] = [this.#context, this.#engine];
    grpc.addService(discoveryDefinition, discoveryService(context, () => this.#port));
    grpc.addService(queryDefinition, queryService({ context, sessions: this.#querySessions, engine, rowsPerPart: this.#rowsPerPart }));
    grpc.addService(tableDefinition, tableService({ context, sessions: this.#tableSessions, engine }));
    grpc.addService(schemeDefinition, schemeService(context, this.#store));
    this.#port = await bind(grpc, this.#port);
    this.#grpc = grpc;
  }

  async close(): Promise<void> {
    if (this.#sweep !== null) clearInterval(this.#sweep);
    await this.stopListening();
  }

  #callContext(): CallContext {
    return {
      faults: this.faults,
      calls: this.calls,
      nowMs: () => this.nowMs(),
      gate: () => this.#gate.pass(),
      loseSession: (id) => {
        this.#querySessions.end(id, Status.BAD_SESSION);
        this.#tableSessions.end(id, Status.BAD_SESSION);
      },
      endAttach: (id) => this.#querySessions.find(id)?.onEnd?.(Status.SUCCESS),
    };
  }
}

function bind(grpc: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    grpc.bindAsync(
      `127.0.0.1:${port}`,
      ServerCredentials.createInsecure(),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    );
  });
}

export async function startYdbServer(options: YdbServerOptions = {}): Promise<YdbServer> {
  const server = new YdbServer(options);
  await server.listenAgain();
  return server;
}
