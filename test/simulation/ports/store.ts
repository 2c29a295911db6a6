// The store as one instance reaches it. A transaction's callback runs in the instance, and again when it conflicts; its commit may be
// answered with "nobody knows".
import { Conflict, tooOften, type Access, type Session } from '../memory-store/access.ts';
import { portsOver, type MemoryStore } from '../memory-store/store.ts';
import type { Origin } from '../world.ts';
import { call, cancelled, isAwake, latencyMs, outage, strike, type Line } from './calls.ts';

const maxReruns = 5;

export function storePorts(line: Line, origin: Origin): MemoryStore {
  const { world } = line;
  const access: Access = {
    read: (query) => call(line, { service: 'store', what: 'store read', effect: () => world.transactions.read(query), signal: undefined }),
    write: (work) => call(line, {
      service: 'store', what: 'store write', signal: undefined,
      effect: () => {
        world.origin = origin;
        return world.transactions.write(work);
      },
    }),
    transact: (work, signal) => transact(line, origin, work, signal),
  };
  return portsOver(access);
}

async function transact<Result>(line: Line, origin: Origin, work: (session: Session) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  for (let rerun = 0; ; rerun += 1) {
    try {
      return await attempt(line, origin, work, signal);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (rerun === maxReruns) throw tooOften(error);
    }
  }
}

/** Begun only while the instance lives; committed or not, the answer may be that the store cannot be reached. */
function attempt<Result>(line: Line, origin: Origin, work: (session: Session) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  const { world, owner } = line;
  const { random, timeline, weather } = world;
  if (signal?.aborted === true) return Promise.reject(cancelled(signal));
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const trouble = weather.of.store;
  const lost = random.chance(trouble.lostRequest);
  const undetermined = random.chance(trouble.lostReply);
  const conflicts = random.chance(weather.conflict);
  const backMs = random.chance(0.4) || undetermined ? latencyMs(world, 'store') : 0;
  const { life } = owner;
  const answer = (tell: () => void): void => {
    if (backMs > 0 || !isAwake(world, owner, life)) timeline.schedule(backMs, tell, owner);
    else tell();
  };
  const end = (tell: () => void): void => {
    strike(line);
    answer(tell);
  };
  const settle = async (): Promise<void> => {
    try {
      const value = await world.transactions.attempt(work, !conflicts);
      world.note(`${owner.name} transaction committed${undetermined ? ' unheard' : ''}`);
      if (undetermined) world.count('fault: undetermined commit');
      end(() => (undetermined ? reject(outage('store')) : resolve(value)));
    } catch (error) {
      world.note(`${owner.name} transaction rolled back`);
      end(() => reject(error));
    }
  };
  timeline.schedule(latencyMs(world, 'store'), () => {
    if (lost || world.isDown('store')) {
      world.note(`${owner.name} transaction lost`);
      answer(() => reject(outage('store')));
      return;
    }
    world.origin = origin;
    if (conflicts) world.count('fault: conflict');
    void settle();
  }, owner);
  return promise;
}
