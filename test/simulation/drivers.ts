// The drivers with their phones: they enrol until they are told so, look at their contacts, ask for what is not theirs, and read.
import { parseMatchingId, type MatchingId } from '../../machines/ids.ts';
import { contacts, messages } from '../../runtime/mentorship/view.ts';
import { markRead } from '../../runtime/mentorship/read-marks.ts';
import type { Participation } from '../../runtime/mentorship/participant.ts';
import { asServiceError } from '../../runtime/errors.ts';
import type { Doors, Instance } from './instance.ts';
import type { Oracle } from './oracle/oracle.ts';
import type { SimPerson } from './people.ts';
import type { World } from './world.ts';

const hourMs = 3_600_000;
const requestTimeoutMs = 20_000;

export class Drivers {
  readonly #world: World;
  readonly #instances: readonly Instance[];
  readonly #oracle: Oracle;
  #stopped = false;
  readonly #toldMs = new Map<SimPerson, number>();
  readonly enrolled = new Map<SimPerson, Participation>();

  constructor(world: World, instances: readonly Instance[], oracle: Oracle) {
    this.#world = world;
    this.#instances = instances;
    this.#oracle = oracle;
  }

  /** Nobody asks for anything any more. */
  stop(): void {
    this.#stopped = true;
  }

  start(): void {
    const { random, timeline, people } = this.#world;
    for (const newbie of people.newbies) {
      const at = random.between(0, 0.7 * hourMs);
      const phones = random.pick([1, 1, 2, 3]);
      for (let phone = 0; phone < phones; phone += 1) {
        const key = random.chance(0.5) ? `key-${newbie.name}-${phone}` : null;
        timeline.schedule(at + random.between(0, 3_000), () => this.#enrol(newbie, key));
      }
    }
    this.#look();
  }

  #enrol(newbie: SimPerson, key: string | null): void {
    const { random, timeline } = this.#world;
    const caller = random.pick(newbie.profiles);
    const again = (): void => {
      // One phone of the person has been told: another asks on only for a while.
      const since = this.#toldMs.get(newbie);
      if (since === undefined || timeline.nowMs - since < 1_200_000) timeline.schedule(random.between(1_000, 600_000), () => this.#enrol(newbie, key));
    };
    this.#ask(`enrol ${newbie.name}`, (doors) => doors.enrol(caller, key), (answer) => {
      if (answer.kind !== 'answered') return again();
      this.#world.count(`enrolment: ${answer.value.outcome}`);
      this.enrolled.set(newbie, answer.value.participation);
      if (!this.#toldMs.has(newbie)) this.#toldMs.set(newbie, timeline.nowMs);
      this.#oracle.acknowledged(newbie, answer.value);
    });
  }

  #look(): void {
    const { random, timeline, people, isHealed } = this.#world;
    timeline.schedule(random.between(5 * 60_000, 0.5 * hourMs) * (isHealed ? 3 : 1), () => {
      if (this.#stopped) return;
      const viewer = random.pick(people.all);
      const caller = random.pick(viewer.profiles);
      const locale = random.pick(['ru', 'en'] as const);
      const askedAtMs = timeline.nowMs;
      if (random.chance(0.5)) {
        this.#ask(`contacts ${viewer.name}`, (doors) => contacts(doors.deps, { caller, role: null, limit: 10, cursor: null, locale }), (answer) => {
          if (answer.kind === 'answered') this.#oracle.shown(viewer, answer.value, askedAtMs);
        });
      } else {
        const matchingId = this.#anyMatching();
        if (matchingId !== null && random.chance(0.5)) {
          const readThrough = random.chance(0.5) ? null : timeline.nowMs - random.between(0, 3 * hourMs);
          this.#ask(`read ${viewer.name}`, (doors) => markRead(doors.deps, { caller, matchingId, readThrough }), () => {});
        } else if (matchingId !== null) {
          this.#ask(`messages ${viewer.name}`, (doors) => messages(doors.deps, { caller, matchingId, locale }), (answer) => {
            if (answer.kind === 'answered' && answer.value !== null) this.#oracle.opened(viewer, matchingId, askedAtMs);
          });
        }
      }
      this.#look();
    });
  }

  #anyMatching(): MatchingId | null {
    const all = [...this.enrolled.values()];
    return all.length === 0 ? null : parseMatchingId(this.#world.random.pick(all).matchingId);
  }

  /** One HTTP request to some instance: answered, refused, or never heard of again. */
  #ask<Result>(what: string, handle: (doors: Doors) => Promise<Result>, then: (answer: Answer<Result>) => void): void {
    const { random, timeline } = this.#world;
    const instance = random.pick(this.#instances);
    let open = true;
    const settle = (answer: Answer<Result>): void => {
      if (!open) return;
      open = false;
      patience.cancel();
      this.#world.note(`${what} at ${instance.name} ${answer.kind}`);
      then(answer);
    };
    const patience = timeline.schedule(requestTimeoutMs + random.between(0, 5_000), () => settle({ kind: 'unheard' }));
    timeline.schedule(random.between(1, 50), () => {
      const { doors } = instance;
      if (doors === null) return;
      const back = (answer: Answer<Result>): void => void timeline.schedule(random.between(1, 50), () => settle(answer));
      handle(doors).then((value) => back({ kind: 'answered', value }), (error: unknown) => {
        const known = asServiceError(error);
        // Not an outage: a defect that a driver would see as a 500.
        if (known.status === 500) this.#world.violate('answers', `${what}: ${known.code} ${String(known.cause)}`);
        back({ kind: 'refused' });
      });
    }, instance);
  }
}

type Answer<Result> = { readonly kind: 'answered'; readonly value: Result } | { readonly kind: 'refused' } | { readonly kind: 'unheard' };
