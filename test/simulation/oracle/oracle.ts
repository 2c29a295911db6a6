// Watches one world: every commit, every acknowledgement and everything a driver is shown, against the requirements.
import { profileKey, type MatchingId } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import type { ContactList, EnrolResult } from '../../../runtime/mentorship/participant.ts';
import type { MemoryDisk } from '../../suites/memory-disk.ts';
import type { Crm } from '../crm.ts';
import type { Committed } from '../memory-store/access.ts';
import type { SimPerson } from '../people.ts';
import type { Origin, World } from '../world.ts';
import { checkCommit } from './commits.ts';

/** A state of a matching and since when the database holds it. */
interface Past {
  readonly sinceMs: number;
  readonly record: MatchingRecord | null;
}

const visible: readonly string[] = ['initialized', 'in_progress', 'finished', 'succeed'];

export class Oracle {
  readonly #world: World;
  readonly #crm: Crm;
  readonly #pasts = new Map<string, Past[]>();
  readonly #disks: () => readonly MemoryDisk[];
  /** What was promised from a disk. The store may know the person by another matching when it is brought there. */
  readonly #spooled: { readonly newbie: SimPerson; readonly id: MatchingId }[] = [];
  readonly #acknowledged: { readonly newbie: SimPerson; readonly id: MatchingId }[] = [];

  constructor(world: World, crm: Crm, disks: () => readonly MemoryDisk[]) {
    this.#world = world;
    this.#disks = disks;
    this.#crm = crm;
    world.onCommit = (committed, origin) => this.#committed(committed, origin);
  }

  /** S1: it is durable now and stays so. */
  acknowledged(newbie: SimPerson, { outcome, participation: { matchingId: id } }: EnrolResult): void {
    if (outcome === 'spooled') this.#spooled.push({ newbie, id });
    else this.#acknowledged.push({ newbie, id });
    this.checkAcknowledged();
  }

  checkAcknowledged(): void {
    for (const { newbie, id } of this.#spooled) {
      if (!this.takesPart(newbie) && !this.#disks().some((disk) => isOnDisk(disk, id))) {
        this.#world.violate('S1', `${newbie.name} was promised ${id}, which is neither in the database nor on a disk`);
      }
    }
    for (const { newbie, id } of this.#acknowledged) {
      const record = this.#world.tables.get('matchings', id);
      if (record === null && !this.wasArchived(id)) this.#world.violate('S1', `${newbie.name} was promised ${id}, which is nowhere`);
      if (record !== null && this.#world.people.of(record.newbie) !== newbie) this.#world.violate('S1', `${newbie.name} was promised another's matching`);
    }
  }

  takesPart(newbie: SimPerson): boolean {
    const { tables, people, cluster, config } = this.#world;
    if (tables.rows('matchings').some((row) => people.of(row.newbie) === newbie)) return true;
    const archived = cluster.staticRows(`${config.yt.archiveDir}/matchings`).map((row) => `${row['newbie_park_id']}_${row['newbie_driver_id']}`);
    return newbie.profiles.some((profile) => archived.includes(profileKey(profile)));
  }

  wasArchived(id: string): boolean {
    const { archiveDir } = this.#world.config.yt;
    return this.#world.cluster.staticRows(`${archiveDir}/matchings`).some((row) => row['id'] === id);
  }

  /** S5, for a list of contacts. `askedAtMs`: when the request set out; what is shown was true at some moment since. */
  shown(viewer: SimPerson, list: ContactList, askedAtMs: number): void {
    for (const { matchingId, role, phone, messages } of list.contacts) {
      this.#world.count('view: contact');
      const other = this.#maySee(viewer, matchingId, askedAtMs);
      if (other === null) this.#world.violate('S5', `${viewer.name} was shown ${matchingId} of others`);
      else if (phone !== null && !other.some((one) => one.phone === phone)) this.#world.violate('S5', `${viewer.name} was shown a stranger's phone`);
      if (role === 'mentor' && messages.some(({ kind }) => kind !== 'new_match' && kind !== 'completed')) {
        this.#world.violate('S5', `${viewer.name} reads the mentor's side of ${matchingId}`);
      }
    }
  }

  /** S5, for one dialog. */
  opened(viewer: SimPerson, matchingId: MatchingId, askedAtMs: number): void {
    this.#world.count('view: dialog');
    if (this.#maySee(viewer, matchingId, askedAtMs) === null) this.#world.violate('S5', `${viewer.name} opened ${matchingId} of others`);
  }

  /** Whom the viewer may have seen there since the moment; null when nobody. */
  #maySee(viewer: SimPerson, id: string, sinceMs: number): SimPerson[] | null {
    const { people, config } = this.#world;
    const pasts = this.#pasts.get(id) ?? [];
    const current = pasts.filter((_, index) => (pasts[index + 1]?.sinceMs ?? Infinity) >= sinceMs);
    const seen = current.flatMap(({ record, sinceMs: at }) => {
      if (record === null || record.mentor === null || !visible.includes(record.status)) return [];
      if (record.completedAt !== null && Math.max(sinceMs, at) - record.completedAt >= config.programme.hideAfterMs) return [];
      const [newbie, mentor] = [people.of(record.newbie), people.of(record.mentor)];
      if (viewer !== newbie && viewer !== mentor) return [];
      return [viewer === newbie ? mentor : newbie];
    });
    return seen.length === 0 ? null : seen.filter((one) => one !== null);
  }

  /** S7: an announcement keeps its id, so no recipient is shown one thing under more ids than there were matches that he was part of. */
  checkEventIds(): void {
    const groups = Map.groupBy(this.#world.app.shown.values(), ({ matchingId, kind, recipient }) => `${matchingId} ${kind} ${recipient}`);
    for (const [what, [first, ...more]] of groups) {
      if (first === undefined) continue;
      const matches = new Set((this.#pasts.get(first.matchingId) ?? []).flatMap(({ record }) => {
        if (record === null || record.mentor === null) return [];
        return [record.newbie, record.mentor].some((profile) => profileKey(profile) === first.recipient) ? [record.epoch] : [];
      }));
      if (more.length + 1 > matches.size) this.#world.violate('S7', `${what} was told under ${more.length + 1} ids for ${matches.size} matches`);
    }
  }

  #committed(committed: Committed, origin: Origin | null): void {
    for (const { table, key, after } of committed.changes) {
      if (table !== 'matchings') continue;
      const pasts = this.#pasts.get(key) ?? [];
      pasts.push({ sinceMs: this.#world.timeline.nowMs, record: after });
      this.#pasts.set(key, pasts);
    }
    checkCommit(this.#world, this.#crm, committed, origin);
  }
}

function isOnDisk(disk: MemoryDisk, id: MatchingId): boolean {
  return [...disk.segments().values()].some(({ bytes }) => bytes.includes(id));
}
