// The six outages that YDB's own clients are tested under, as far as one process can play them, in an order drawn from a seed.
import { Status } from './errors.ts';
import { seededRandom } from './faults.ts';
import type { YdbServer } from './server.ts';

export const scenarios = ['graceful-stop', 'instant-restart', 'kill', 'pause', 'rolling-restart', 'black-hole'] as const;
export type Scenario = (typeof scenarios)[number];

export interface ChaosStep {
  readonly scenario: Scenario;
  /** Calm before it. */
  readonly afterMs: number;
  readonly lastsMs: number;
}

export interface ChaosBounds {
  readonly calmMs: readonly [number, number];
  readonly outageMs: readonly [number, number];
}

type Wait = (ms: number) => Promise<unknown>;

/** Every scenario once per round, each round in an order of its own. */
export function chaosSchedule(seed: number, rounds: number, { calmMs, outageMs }: ChaosBounds): ChaosStep[] {
  const random = seededRandom(seed);
  const between = ([low, high]: readonly [number, number]): number => Math.round(low + random() * (high - low));
  return Array.from({ length: rounds }, () => shuffled(scenarios, random))
    .flat()
    .map((scenario) => ({ scenario, afterMs: between(calmMs), lastsMs: between(outageMs) }));
}

const players: Readonly<Record<Scenario, (server: YdbServer, lastsMs: number, wait: Wait) => Promise<void>>> = {
  // Sessions are told first, new calls are refused for a while, then the node leaves.
  'graceful-stop': async (server, lastsMs, wait) => {
    server.endSessions();
    const restore = server.faults.add(
      { rpc: 'Query.CreateSession', fault: { kind: 'status', status: Status.UNAVAILABLE }, times: Infinity },
    );
    await wait(lastsMs / 2);
    restore();
    await server.stopListening();
    await wait(lastsMs / 2);
    await server.listenAgain();
  },
  'instant-restart': async (server) => {
    await server.stopListening();
    await server.listenAgain();
  },
  kill: async (server, lastsMs, wait) => {
    await server.stopListening();
    await wait(lastsMs);
    await server.listenAgain();
  },
  pause: async (server, lastsMs, wait) => {
    server.pause();
    await wait(lastsMs);
    server.resume();
  },
  // There is one node: it restarts several times instead.
  'rolling-restart': async (server, lastsMs, wait) => {
    for (let turn = 0; turn < 3; turn += 1) {
      server.endSessions();
      await server.stopListening();
      await server.listenAgain();
      await wait(lastsMs / 3);
    }
  },
  // Connections stay open and silent, as with packets dropped; only a client's own deadline ends a call.
  'black-hole': async (server, lastsMs, wait) => {
    server.blackHole();
    await wait(lastsMs);
    server.resume();
  },
};

export function playScenario(server: YdbServer, { scenario, lastsMs }: Pick<ChaosStep, 'scenario' | 'lastsMs'>, wait: Wait): Promise<void> {
  return players[scenario](server, lastsMs, wait);
}

export async function playChaos(server: YdbServer, steps: readonly ChaosStep[], wait: Wait): Promise<void> {
  for (const step of steps) {
    await wait(step.afterMs);
    await playScenario(server, step, wait);
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items.map((item) => ({ item, place: random() })).toSorted((a, b) => a.place - b.place).map(({ item }) => item);
}
