// The people under whom the service is killed: newbies with their apps, and an operator. They try again until they are answered, and
// remember what they were told.
import { setTimeout as sleep } from 'node:timers/promises';
import type { MatchingId } from '../../machines/ids.ts';
import type { Status } from '../../machines/status.ts';
import type { Cast, SeededPerson } from '../sandbox/seed.ts';
import type { TokenIssuer } from '../sandbox/tokens.ts';
import type { Random } from '../simulation/random.ts';
import type { Fleet } from './fleet.ts';
import type { OperatorEvent, Promises, Testimony } from './promises.ts';

const answerWithinMs = 4_000;
const operatorEveryMs = 1_000;
/** Of the acts of the operator, one in so many runs the daily job. */
const jobRunOneIn = 4;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> | null;
}

interface WireParticipation {
  readonly matching_id: MatchingId;
  readonly status: Status;
}

interface Ask {
  readonly listener: 'driver' | 'admin';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CrewOptions {
  readonly fleet: Fleet;
  readonly cast: Cast;
  readonly issuer: TokenIssuer;
  readonly random: Random;
  /** Over how long the newbies come. */
  readonly arriveWithinMs: number;
}

export class Crew implements Promises {
  readonly testimonies: Testimony[];
  readonly operatorEvents: OperatorEvent[] = [];
  readonly #options: CrewOptions;
  readonly #leaving = new AbortController();
  #work: Promise<unknown> = Promise.resolve();
  readonly unexpected = new Map<string, number>();

  constructor(options: CrewOptions) {
    this.#options = options;
    this.testimonies = options.cast.newbies.map((person) => ({ person, enrolments: [], seen: [], readMarks: [], forgotten: 0 }));
  }

  start(): void {
    this.#work = Promise.all([...this.testimonies.map((testimony) => this.#live(testimony)), this.#operate()]);
  }

  get everybodyIsIn(): boolean {
    return this.testimonies.every(({ enrolments }) => enrolments.length > 0);
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#work;
  }

  async #live(testimony: Testimony): Promise<void> {
    const { random, arriveWithinMs } = this.#options;
    await this.#rest(random.between(0, arriveWithinMs));
    while (!this.#left && !(await this.#enrol(testimony))) await this.#rest(random.between(50, 500));
    while (!this.#left) {
      await this.#rest(random.between(300, 3_000));
      // The impatient ask again.
      if (random.chance(0.05)) await this.#enrol(testimony);
      else if (random.chance(0.5)) await this.#look(testimony);
      else await this.#read(testimony);
    }
  }

  async #enrol(testimony: Testimony): Promise<boolean> {
    const answer = await this.#asDriver(testimony.person, 'POST', 'participation', {});
    if (answer === null || answer.status >= 300) return false;
    const { matching_id: matchingId, status } = (answer.body ?? {})['participation'] as WireParticipation;
    const degraded = answer.status === 202;
    testimony.enrolments.push({ matchingId, degraded });
    if (!degraded) testimony.seen.push({ matchingId, status });
    return true;
  }

  async #look(testimony: Testimony): Promise<void> {
    const answer = await this.#asDriver(testimony.person, 'GET', 'participation');
    if (answer?.status !== 200 || answer.body?.['degraded'] !== undefined) return;
    this.#note(testimony, (answer.body?.['participation'] ?? null) as WireParticipation | null);
  }

  async #read(testimony: Testimony): Promise<void> {
    const list = await this.#asDriver(testimony.person, 'GET', 'contacts');
    if (list?.status !== 200) return;
    const { degraded = [] } = (list.body ?? {}) as { degraded?: unknown[] };
    if (degraded.length === 0) this.#note(testimony, (list.body?.['participation'] ?? null) as WireParticipation | null);
    const [contact] = (list.body?.['contacts'] ?? []) as { matching_id: MatchingId }[];
    if (contact === undefined) return;
    await this.#asDriver(testimony.person, 'GET', `contacts/${contact.matching_id}/messages`);
    const askedAtMs = Date.now();
    const read = await this.#asDriver(testimony.person, 'POST', `contacts/${contact.matching_id}/read`, {});
    if (read?.status === 204) testimony.readMarks.push({ matchingId: contact.matching_id, askedAtMs });
  }

  #note(testimony: Testimony, participation: WireParticipation | null): void {
    if (participation !== null) testimony.seen.push({ matchingId: participation.matching_id, status: participation.status });
    else if (testimony.enrolments.some(({ degraded }) => !degraded)) testimony.forgotten += 1;
  }

  async #operate(): Promise<void> {
    for (let number = 0; !this.#left; number += 1) {
      await this.#rest(operatorEveryMs);
      if (number % jobRunOneIn === 0) await this.#asOperator('jobs/finish-programme/run', { reason: 'chaos' });
      else await this.#sendEvent(`chaos event ${number}`);
    }
  }

  async #sendEvent(reason: string): Promise<void> {
    const { random, cast } = this.#options;
    const testimony = this.testimonies[random.between(0, this.testimonies.length - 1)];
    const latest = testimony?.seen.at(-1);
    if (latest === undefined) return;
    const isMatched = latest.status === 'initialized' || latest.status === 'in_progress';
    const mentor = cast.mentors[random.between(0, cast.mentors.length - 1)]?.profiles[0];
    const event = isMatched && mentor !== undefined && random.chance(0.5)
      ? { type: 'MATCHED', mentor_park_id: mentor.parkId, mentor_driver_id: mentor.driverId, connected_dttm: new Date().toISOString() }
      : { type: 'DEADLINE_PASSED' };
    const answer = await this.#asOperator(`matchings/${latest.matchingId}/events`, { ...event, reason });
    const outcome = answer?.status === 200 ? (answer.body?.['outcome'] as 'moved' | 'ignored') : 'unknown';
    this.operatorEvents.push({ matchingId: latest.matchingId, reason, outcome });
  }

  get #left(): boolean {
    return this.#leaving.signal.aborted;
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#leaving.signal }).catch(() => {});
  }

  async #asDriver({ profiles }: SeededPerson, method: Ask['method'], path: string, body?: object): Promise<Answer | null> {
    const profile = profiles[this.#options.random.between(0, profiles.length - 1)] ?? profiles[0];
    const headers = { authorization: `Bearer ${await this.#options.issuer.token(profile)}` };
    return this.#ask({ listener: 'driver', method, path: `/driver/v1/mentorship/${path}`, headers, ...(body === undefined ? {} : { body }) });
  }

  #asOperator(path: string, body: object): Promise<Answer | null> {
    return this.#ask({ listener: 'admin', method: 'POST', path: `/admin/v1/${path}`, body, headers: { 'x-operator': 'chaos' } });
  }

  /** Null when nobody answered. */
  async #ask({ listener, method, path, body, headers }: Ask): Promise<Answer | null> {
    const instance = this.#options.fleet.pick();
    if (instance === null) return null;
    const url = listener === 'driver' ? instance.driverUrl : instance.adminUrl;
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(answerWithinMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const answer = { status: response.status, body: text === '' ? null : (JSON.parse(text) as Record<string, unknown>) };
      if (answer.status >= 400) this.#count(`${answer.status} ${String(answer.body?.['code'])}`);
      return answer;
    } catch {
      return null;
    }
  }

  #count(what: string): void {
    this.unexpected.set(what, (this.unexpected.get(what) ?? 0) + 1);
  }
}
