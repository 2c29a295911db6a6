// A map in key order that keeps the versions some snapshot can still see.
import type { Row } from '../values.ts';
import { type Keyed, type KeyRange, SortedEntries } from './sorted.ts';

interface Version {
  readonly commit: number;
  /** null is a deletion. */
  readonly row: Row | null;
}

interface Entry extends Keyed {
  versions: Version[];
}

export class VersionedMap {
  readonly #entries = new SortedEntries<Entry>();
  /** Keys whose newest version is a deletion: they go once no snapshot is older. */
  #graves: Entry[] = [];

  get size(): number {
    return this.#entries.size - this.#graves.length;
  }

  get(key: Row, snapshot: number): Row | null {
    return visible(this.#entries.find(key), snapshot);
  }

  /** Versions that no snapshot from `horizon` on can see are dropped. */
  put(key: Row, commit: number, row: Row | null, horizon: number): void {
    const entry = this.#entries.find(key);
    if (entry === undefined) {
      if (row !== null) this.#entries.insert({ key, versions: [{ commit, row }] });
      return;
    }
    const wasGrave = entry.versions.at(-1)?.row === null;
    entry.versions = [...seenFrom(entry.versions, horizon), { commit, row }];
    if (row === null && !wasGrave) this.#graves.push(entry);
    if (row !== null && wasGrave) this.#graves = this.#graves.filter((grave) => grave !== entry);
  }

  *scan(range: KeyRange, snapshot: number, reverse = false): Generator<{ key: Row; row: Row }> {
    for (const entry of this.#entries.scan(range, reverse)) {
      const row = visible(entry, snapshot);
      if (row !== null) yield { key: entry.key, row };
    }
  }

  changedSince(range: KeyRange, snapshot: number): boolean {
    for (const { versions } of this.#entries.scan(range)) {
      if ((versions.at(-1)?.commit ?? 0) > snapshot) return true;
    }
    return false;
  }

  pointChangedSince(key: Row, snapshot: number): boolean {
    return (this.#entries.find(key)?.versions.at(-1)?.commit ?? 0) > snapshot;
  }

  forget(horizon: number): void {
    if (this.#graves.length === 0) return;
    const [gone, kept] = [[] as Entry[], [] as Entry[]];
    for (const grave of this.#graves) ((grave.versions.at(-1)?.commit ?? 0) <= horizon ? gone : kept).push(grave);
    for (const { key } of gone) this.#entries.remove(key);
    this.#graves = kept;
  }
}

function visible(entry: Entry | undefined, snapshot: number): Row | null {
  return entry?.versions.findLast(({ commit }) => commit <= snapshot)?.row ?? null;
}

function seenFrom(versions: readonly Version[], horizon: number): readonly Version[] {
  const oldest = versions.findLastIndex(({ commit }) => commit <= horizon);
  return oldest <= 0 ? versions : versions.slice(oldest);
}
