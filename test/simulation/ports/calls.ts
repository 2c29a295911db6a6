// The network between an instance and a service: every call takes time, may be lost on the way there or back, and never tells which.
import { ServiceError, type ErrorCode } from '../../../runtime/errors.ts';
import type { Owner } from '../timeline.ts';
import type { Service } from '../weather.ts';
import type { World } from '../world.ts';

const unavailable: Readonly<Record<Service, ErrorCode>> = {
  store: 'store_unavailable',
  yt: 'yt_unavailable',
  'driver-profiles': 'upstream_unavailable',
  personal: 'upstream_unavailable',
  trackstory: 'upstream_unavailable',
  geobase: 'upstream_unavailable',
  'fleet-rent': 'upstream_unavailable',
  'client-events': 'upstream_unavailable',
};

export interface Call<Result> {
  readonly service: Service;
  readonly what: string;
  readonly effect: () => Result;
  readonly signal: AbortSignal | undefined;
}

export interface Line {
  readonly world: World;
  readonly owner: Owner & { readonly name: string; kill(): void; pause(ms: number): void };
}

export function outage(service: Service): ServiceError {
  return new ServiceError(unavailable[service], `${service}: cannot be reached`);
}

export function latencyMs({ random, weather }: World, service: Service): number {
  if (!random.chance(weather.of[service].slow)) return random.between(1, 25);
  return random.between(500, random.chance(0.2) ? 90_000 : 8_000);
}

/** The effect takes place even when the caller dies meanwhile; the answer finds only the life that asked. */
export function call<Result>({ world, owner }: Line, { service, what, effect, signal }: Call<Result>): Promise<Result> {
  const { random, timeline, weather } = world;
  if (signal?.aborted === true) return Promise.reject(cancelled(signal));
  const trouble = weather.of[service];
  const lost = random.chance(trouble.lostRequest);
  // Many calls are over before anybody else can do anything: that, too, is a way in which the world may go, and the cheapest.
  if (!lost && !world.isDown(service) && random.chance(weather.snappy)) return answered(attempted(effect));
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const replyLost = random.chance(trouble.lostReply);
  const backMs = random.chance(0.3) || replyLost ? latencyMs(world, service) : 0;
  const { life } = owner;
  timeline.schedule(latencyMs(world, service), () => {
    const refused = lost || world.isDown(service);
    const answer = refused ? failed(outage(service)) : attempted(effect);
    const told = replyLost && !refused ? failed(outage(service)) : answer;
    world.note(`${owner.name} ${what} ${refused ? 'lost' : ''}${answer.kind}${replyLost ? ' unheard' : ''}`);
    if (lost) world.count(`fault: lost request to ${service}`);
    if (replyLost && answer.kind === 'done') world.count(`fault: lost reply of ${service}`);
    strike({ world, owner });
    const tell = (): void => {
      if (signal?.aborted === true) reject(cancelled(signal));
      else if (told.kind === 'done') resolve(told.value);
      else reject(told.error);
    };
    if (backMs > 0 || !isAwake(world, owner, life)) timeline.schedule(backMs, tell, owner);
    else world.timeline.as(owner, tell);
  });
  return promise;
}

/** Whether an answer reaches the life that asked at once. */
export function isAwake({ timeline }: World, owner: Owner, life: number): boolean {
  return owner.alive && owner.life === life && owner.pausedUntilMs <= timeline.nowMs;
}

/** The instance may die or stand still between the effect of its call and the answer: the moment that matters most. */
export function strike({ world, owner }: Line): void {
  const { random, weather } = world;
  if (random.chance(weather.kill)) {
    world.count('fault: kill');
    owner.kill();
  } else if (random.chance(weather.pause)) {
    world.count('fault: pause');
    owner.pause(random.between(1_000, random.chance(weather.longPause) ? 3_600_000 : 60_000));
  }
}

async function answered<Result>(answer: Answer<Result>): Promise<Result> {
  if (answer.kind === 'failed') throw answer.error;
  return answer.value;
}

type Answer<Result> = { readonly kind: 'done'; readonly value: Result } | { readonly kind: 'failed'; readonly error: unknown };

function attempted<Result>(effect: () => Result): Answer<Result> {
  try {
    return { kind: 'done', value: effect() };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Answer<never> {
  return { kind: 'failed', error };
}

export function cancelled(signal: AbortSignal): ServiceError {
  return new ServiceError('cancelled', 'the work was cancelled', { cause: signal.reason });
}
