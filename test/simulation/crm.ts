// The CRM: knows the service by its tables only, and writes back what it likes. It matches, rematches, replays, reorders and writes garbage.
import { profileKey, type Profile } from '../../machines/ids.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import { writePlan, type CrmPlan } from './crm-plan.ts';
import { anyGarbage } from './garbage.ts';
import type { SimPerson } from './people.ts';
import type { World } from './world.ts';

/** A newbie with a mentor, as the CRM sees it. */
export interface Relation {
  readonly newbie: SimPerson;
  readonly plan: CrmPlan;
  /** All mentors given so far, the present one last. */
  readonly connections: { readonly mentor: SimPerson; readonly profile: Profile; readonly atMs: number }[];
  readonly codes: string[];
}

const tickMs = 15 * 60_000;
const minuteMs = 60_000;

export class Crm {
  readonly relations = new Map<SimPerson, Relation>();
  /** `<newbie> <mentor> <moment>` of every usable row that ever stood in the table. */
  readonly published = new Set<string>();
  /** Codes ever given, by the entity they name. */
  readonly codes = new Map<string, Set<string>>();
  /** Unusable rows ever written, by table. */
  readonly garbage = { distribution: new Set<string>(), results: new Set<string>(), promocodes: new Set<string>() };
  readonly #world: World;
  readonly #distribution: unknown[] = [];
  readonly #promocodes = new Map<string, unknown[]>();
  readonly #plans = new Map<SimPerson, CrmPlan>();
  #lastMs = 0;
  #stopped = false;

  constructor(world: World) {
    this.#world = world;
    for (const newbie of world.people.newbies) this.#plans.set(newbie, writePlan(world.random, world.settings));
    const { yt } = world.config;
    world.cluster.write(yt.distribution, []);
    world.cluster.write(yt.results, []);
  }

  stop(): void {
    this.#stopped = true;
  }

  start(): void {
    this.#world.timeline.schedule(tickMs, () => {
      if (this.#stopped) return;
      this.#tick();
      this.start();
    });
  }

  /** Whether the CRM has said all it will ever say of the person. */
  isDone(newbie: SimPerson): boolean {
    const relation = this.relations.get(newbie);
    if (relation === undefined) return false;
    return relation.codes.length >= relation.plan.codes && relation.connections.length > relation.plan.rematchAfterMs.length;
  }

  /** The same rows once more in another order, as after a restore of its database. */
  replay(): void {
    const { random, cluster, config: { yt } } = this.#world;
    cluster.write(yt.distribution, random.shuffled(this.#distribution));
    for (const [path, rows] of this.#promocodes) cluster.write(path, random.shuffled(rows));
    cluster.write(yt.results, random.shuffled(cluster.table(yt.results).rows));
  }

  #tick(): void {
    const { random, weather } = this.#world;
    for (const application of this.#world.cluster.applications.values()) {
      const newbie = this.#world.people.all.find(({ profiles }) => profiles.some(({ parkId, driverId }) =>
        parkId === application.newbie_park_id && driverId === application.newbie_driver_id));
      if (newbie !== undefined && !this.relations.has(newbie)) this.#connect(newbie);
    }
    if (weather.garbage > 0 && random.chance(0.1)) this.#connectAhead();
    for (const relation of this.relations.values()) {
      const next = relation.plan.rematchAfterMs[relation.connections.length - 1];
      if (next !== undefined && this.#ageOf(relation) >= next) this.#connect(relation.newbie);
    }
    if (random.chance(weather.garbage)) this.#spoil('distribution', this.#distribution);
    const { cluster, config: { yt } } = this.#world;
    cluster.write(yt.distribution, random.chance(0.5) ? random.shuffled(this.#distribution) : this.#distribution);
    cluster.write(yt.results, this.#results());
    this.#giveCodes();
  }

  /** A match of somebody who has not asked yet: known too early, or never. */
  #connectAhead(): void {
    const ahead = this.#world.people.newbies.filter((newbie) => !this.relations.has(newbie));
    if (ahead.length > 0) this.#connect(this.#world.random.pick(ahead));
  }

  #connect(newbie: SimPerson): void {
    const { random, people, timeline, isHealed } = this.#world;
    const plan = this.#plans.get(newbie);
    if (plan === undefined) return;
    const relation = this.relations.get(newbie) ?? { newbie, plan, connections: [], codes: [] };
    const again = relation.connections.at(-1);
    // Now and then the same mentor once more: only the date is new.
    const others = people.mentors.filter((mentor) => mentor !== newbie && (random.chance(0.2) || mentor !== again?.mentor));
    const mentor = random.pick(others.length === 0 ? people.mentors.filter((one) => one !== newbie) : others);
    const lagMs = isHealed ? minuteMs : random.between(0, 15) * minuteMs;
    // Whole seconds: rows of one moment must be told apart by their order.
    const atMs = Math.floor(Math.max(timeline.nowMs - lagMs, this.#lastMs - random.between(0, 60_000), (again?.atMs ?? 0) + 1_000) / 1_000) * 1_000;
    this.#lastMs = Math.max(this.#lastMs, atMs);
    const [from, to] = [random.pick(newbie.profiles), random.pick(mentor.profiles)];
    const plain = rfc3339(atMs);
    const written = random.pick([plain, plain.replace('T', ' ').slice(0, 19), plain.replace('.000Z', '+00:00')]);
    this.#distribution.push({
      newbie_park_id: from.parkId, newbie_driver_id: from.driverId, mentor_park_id: to.parkId, mentor_driver_id: to.driverId,
      connected_dttm: written,
    });
    this.published.add(`${newbie.name} ${profileKey(to)} ${atMs}`);
    relation.connections.push({ mentor, profile: to, atMs });
    this.relations.set(newbie, relation);
    this.#world.count(relation.connections.length === 1 ? 'crm: match' : again?.mentor === mentor ? 'crm: same mentor again' : 'crm: rematch');
    this.#world.note(`crm connects ${newbie.name} with ${mentor.name}`);
  }

  #ageOf({ connections }: Relation): number {
    return this.#world.timeline.nowMs - (connections.at(-1)?.atMs ?? 0);
  }

  #results(): unknown[] {
    const { random, isHealed, config: { programme: { policy } }, weather } = this.#world;
    const rows: unknown[] = [];
    for (const relation of this.relations.values()) {
      const [week, fortnight] = [this.#ageOf(relation) >= policy.progressAgeMs * 0.9, this.#ageOf(relation) >= policy.resultAgeMs * 0.9];
      if (!week || (!isHealed && random.chance(0.15))) continue;
      const partial = !isHealed && random.chance(0.3);
      const figure = (present: boolean, value: string): string | number | null => (present && !(partial && random.chance(0.5)) ? value : null);
      rows.push({
        udid: relation.newbie.laterUdid,
        rate_avg_7d: figure(week, '4.87'), avg_dp_7d: figure(week, '92'), sh_7d: random.chance(0.5) ? figure(week, '21') : null,
        rate_avg_14d: figure(fortnight, '4.91'), avg_dp_14d: figure(fortnight, '95'), sh_14d: figure(fortnight, '43'),
        correct_answers: figure(fortnight, '8'), passed_test_flg: figure(fortnight, '1'),
      });
    }
    if (random.chance(weather.garbage)) this.#spoil('results', rows);
    return random.shuffled(rows);
  }

  #giveCodes(): void {
    const { random, timeline, weather } = this.#world;
    const given: unknown[] = [];
    for (const relation of this.relations.values()) {
      const { plan, newbie, codes, connections } = relation;
      if (codes.length >= plan.codes || this.#ageOf(relation) < plan.codeAfterMs * (1 + codes.length)) continue;
      const entity = plan.codeOfMentor ? connections.at(-1)?.profile : random.pick(newbie.profiles);
      if (entity === undefined) continue;
      const code = `CODE-${newbie.name}-${codes.length}`;
      codes.push(code);
      const key = profileKey(entity);
      this.codes.set(key, (this.codes.get(key) ?? new Set()).add(code));
      given.push({ entity_id: key, promocode: code });
      this.#world.count('crm: promocode');
      this.#world.note(`crm gives ${code}`);
    }
    if (random.chance(weather.garbage)) this.#spoil('promocodes', given);
    if (given.length === 0) return;
    const date = rfc3339(timeline.nowMs).slice(0, 10);
    const path = `${this.#world.config.yt.promocodesDir}/finished_promocodes_to_add_TAXICRM-${random.between(1, 2)}_${date}`;
    const rows = [...(this.#promocodes.get(path) ?? []), ...given];
    this.#promocodes.set(path, rows);
    this.#world.cluster.write(path, random.shuffled(rows));
  }

  #spoil(table: keyof Crm['garbage'], rows: unknown[]): void {
    const row = anyGarbage(this.#world.random, table);
    rows.push(row);
    this.garbage[table].add(JSON.stringify(row));
    this.#world.count(`crm: garbage in ${table}`);
  }
}
