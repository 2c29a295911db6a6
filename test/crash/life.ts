// One life of the service's process, which ends at the n-th call of a port: before it, after it, or in the midst of a transaction that was
// done but not yet committed. From then on no call of this life gets through, so nothing that its code still does can have an effect.
import { createLocks } from '../../runtime/lock/lease.ts';
import type { Config } from '../../runtime/config/config.ts';
import type { Context } from '../../runtime/context.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createOperations } from '../../runtime/operations.ts';
import type { SqliteStore } from '../../runtime/store/sqlite/store.ts';
import type { Spool } from '../../runtime/spool.ts';
import type { Store } from '../../runtime/store.ts';
import type { Upstreams } from '../../runtime/upstream.ts';
import type { Yt } from '../../runtime/yt.ts';

export type Moment = 'before' | 'inside' | 'after';

export interface Death {
  readonly atCall: number;
  readonly moment: Moment;
}

/** Not a failure of the service's own kinds: no code of it knows what to do with it. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

export class Pulse {
  /** Names of the calls made, in order. */
  readonly calls: string[] = [];
  dead = false;
  /** The call at which the life ended. */
  lastWords = '';
  readonly #death: Death | null;

  constructor(death: Death | null) {
    this.#death = death;
  }

  /** `work` is told how to die in the midst of it. */
  async call<Result>(name: string, work: (dieInside: () => void) => Promise<Result>): Promise<Result> {
    if (this.dead) throw new Dead(`the process is dead: ${name}`);
    const number = this.calls.push(name);
    const dieIf = (moment: Moment): void => {
      if (this.#death?.atCall !== number || this.#death.moment !== moment) return;
      this.dead = true;
      this.lastWords = `${moment} ${name}`;
      throw new Dead(this.lastWords);
    };
    dieIf('before');
    const result = await work(() => dieIf('inside'));
    dieIf('after');
    if (this.dead) throw new Dead(`the process is dead: ${name}`);
    return result;
  }
}

const metrics = createMetrics();
const operations = createOperations();
const log = createLog('silent', { write: () => {} });

export interface Outside {
  readonly config: Config;
  readonly yt: Yt;
  readonly upstreams: Upstreams;
  readonly spool: Spool;
  readonly newId: () => string;
}

export function contextOf({ store, tasks, leases, retention }: SqliteStore, { config, spool, yt, upstreams, newId }: Outside, pulse: Pulse): Context {
  const mortalLeases = mortal('leases', leases, pulse);
  return {
    config, spool, metrics, operations, log, newId,
    store: mortalStore(store, pulse),
    tasks: mortal('tasks', tasks, pulse),
    retention: mortal('retention', retention, pulse),
    locks: createLocks(mortalLeases, { owner: newId(), ttlMs: 15_000, log }),
    yt: { ...mortal('yt', yt, pulse), copies: mortal('yt.copies', yt.copies, pulse) },
    upstreams: {
      driverProfiles: mortal('driverProfiles', upstreams.driverProfiles, pulse),
      personal: mortal('personal', upstreams.personal, pulse),
      trackstory: mortal('trackstory', upstreams.trackstory, pulse),
      geobase: mortal('geobase', upstreams.geobase, pulse),
      fleetRent: mortal('fleetRent', upstreams.fleetRent, pulse),
      clientEvents: mortal('clientEvents', upstreams.clientEvents, pulse),
      close: async () => {},
    },
    // Without jitter a failed task is tried again at once.
    random: () => 0,
  };
}

type Method = (...given: unknown[]) => Promise<unknown>;

function mortal<Port extends object>(name: string, port: Port, pulse: Pulse): Port {
  const methods = Object.entries(port).map(([method, value]) => {
    if (typeof value !== 'function') return [method, value];
    return [method, (...given: unknown[]) => pulse.call(`${name}.${method}`, () => (value as Method).apply(port, given))];
  });
  return Object.fromEntries(methods) as Port;
}

function mortalStore(store: Store, pulse: Pulse): Store {
  return {
    ...mortal('store', store, pulse),
    transact: (work, signal) => pulse.call('store.transact', (dieInside) => store.transact(async (tx) => {
      const result = await work(tx);
      dieInside();
      return result;
    }, signal)),
  };
}
