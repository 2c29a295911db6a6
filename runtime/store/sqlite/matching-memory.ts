// Matchings as they were read or written last, and who takes part in which: an app asks far more often than anything moves there, and what
// moves was often moved a moment before. What this store commits tells which of them it has changed; of commits by others, jobs' threads
// among them, only that there were some.
import { LRUCache } from 'lru-cache';
import { type MatchingId, type Profile, type ProfileKey, profileKey, sameProfile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { matchingFrom } from './columns.ts';
import { rowsOfMentors, rowsOfNewbies, selectMatchings } from './matchings.ts';
import type { Changes, Session } from './session.ts';

export interface MemoryLimits {
  readonly profiles: number;
  readonly matchings: number;
}

/** Where a profile takes part, and perhaps did before: the matching itself decides. */
interface Places {
  readonly asNewbie: readonly MatchingId[];
  readonly asMentor: readonly MatchingId[];
}

export interface OwnMatchings {
  readonly asNewbie: readonly MatchingRecord[];
  readonly asMentor: readonly MatchingRecord[];
}

const usualLimits: MemoryLimits = { profiles: 20_000, matchings: 10_000 };

export class MatchingMemory implements Changes {
  readonly #places: LRUCache<ProfileKey, Places>;
  readonly #matchings: LRUCache<MatchingId, MatchingRecord>;
  readonly #versionOfOthers: () => number;
  /** Of the snapshot that all of this is true of. */
  #version = Number.NaN;
  /** Read before that snapshot began: what others commit later shows as another one. */
  #others = Number.NaN;
  /** By transactions that are not committed yet; null where the row has to be read. */
  #changedMatchings = new Map<MatchingId, MatchingRecord | null>();
  #changedProfiles = new Set<ProfileKey>();
  #changedSchema = false;

  /** `versionOfOthers` differs from its earlier answer when anybody has committed between them but the transactions that tell `Changes`. */
  constructor(versionOfOthers: () => number, { profiles, matchings } = usualLimits) {
    this.#versionOfOthers = versionOfOthers;
    this.#places = new LRUCache({ max: profiles });
    this.#matchings = new LRUCache({ max: matchings });
  }

  /**
   * To be called when a snapshot has begun, before anything is read from it. False when others have committed: all is forgotten then, and
   * the snapshot has to begin anew, because what they commit next may be in it already or not.
   */
  isTrueOf(version: number): boolean {
    if (version === this.#version) return true;
    const others = this.#askOfOthers();
    this.#version = version;
    if (others === this.#others) return true;
    this.#others = others;
    this.#forgetAll();
    return false;
  }

  /** The snapshot has begun anew. */
  beginsWith(version: number): void {
    this.#version = version;
  }

  /**
   * To be called when a transaction has begun and nobody else can commit. False when others have committed: all is forgotten then, and no
   * snapshot that was begun before may be read from any more.
   */
  isTrueOfTransaction(): boolean {
    const others = this.#askOfOthers();
    if (others === this.#others) return true;
    this.#others = others;
    this.#forgetAll();
    return false;
  }

  /** As the transaction of the session has them. Each once, in the order of the first mention of its id; unknown ids are left out. */
  matchings(session: Session, ids: readonly MatchingId[]): MatchingRecord[] {
    return [...new Set(ids)].flatMap((id) => this.#present(id) ?? selectMatchings(session, [id]));
  }

  #present(id: MatchingId): MatchingRecord | null {
    const changed = this.#changedMatchings.get(id);
    return changed === undefined ? (this.#matchings.get(id) ?? null) : changed;
  }

  changedMatching(id: MatchingId, now: MatchingRecord | null): void {
    this.#changedMatchings.set(id, now);
  }

  changedSides(...sides: readonly (Profile | null)[]): void {
    for (const side of sides) if (side !== null) this.#changedProfiles.add(profileKey(side));
  }

  changedSchema(): void {
    this.#changedSchema = true;
  }

  /** Of the transactions that are not committed yet one has not changed what it said. */
  undone(): void {
    for (const id of this.#changedMatchings.keys()) this.#changedMatchings.set(id, null);
  }

  /** To be called with the end of each transaction, before anything else is read. Too much is forgotten after one that has failed. */
  settle(committed: boolean): void {
    if (!committed) this.undone();
    if (this.#changedSchema) this.#forgetAll();
    for (const [id, matching] of this.#changedMatchings) {
      if (matching === null) this.#matchings.delete(id);
      else this.#matchings.set(id, matching);
    }
    for (const key of this.#changedProfiles) this.#places.delete(key);
    this.#changedMatchings.clear();
    this.#changedProfiles.clear();
    this.#changedSchema = false;
  }

  /** The matchings in which the profile takes part, as the snapshot of the session has them. */
  matchingsOf(session: Session, profile: Profile): OwnMatchings {
    const key = profileKey(profile);
    const places = this.#places.get(key);
    if (places === undefined) return this.#read(session, profile, key);
    const asNewbie = this.#still(session, places.asNewbie, (matching) => sameProfile(matching.newbie, profile));
    const asMentor = this.#still(session, places.asMentor, ({ mentor }) => mentor !== null && sameProfile(mentor, profile));
    const left = asNewbie.length < places.asNewbie.length || asMentor.length < places.asMentor.length;
    if (left) this.#places.delete(key);
    return { asNewbie, asMentor };
  }

  #still(session: Session, ids: readonly MatchingId[], takesPart: (matching: MatchingRecord) => boolean): MatchingRecord[] {
    const found: MatchingRecord[] = [];
    for (const id of ids) {
      const matching = this.#matchings.get(id) ?? this.#readOne(session, id);
      if (matching !== null && takesPart(matching)) found.push(matching);
    }
    return found;
  }

  #read(session: Session, profile: Profile, key: ProfileKey): OwnMatchings {
    const asNewbie = rowsOfNewbies(session, [profile]).map(matchingFrom);
    const asMentor = rowsOfMentors(session, [profile]).map(matchingFrom);
    for (const matching of [...asNewbie, ...asMentor]) this.#matchings.set(matching.id, matching);
    this.#places.set(key, { asNewbie: asNewbie.map(({ id }) => id), asMentor: asMentor.map(({ id }) => id) });
    return { asNewbie, asMentor };
  }

  #readOne(session: Session, id: MatchingId): MatchingRecord | null {
    const [matching] = selectMatchings(session, [id]);
    if (matching !== undefined) this.#matchings.set(id, matching);
    return matching ?? null;
  }

  #askOfOthers(): number {
    try {
      return this.#versionOfOthers();
    } catch {
      // Equal to nothing, itself included.
      return Number.NaN;
    }
  }

  #forgetAll(): void {
    this.#places.clear();
    this.#matchings.clear();
  }
}
