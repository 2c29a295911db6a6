// Appends records to the segments of one process: those who come together share one write and one sync. A segment that failed in any
// way is never appended to again, because after a failed sync nobody knows what the disk holds.
import type { MatchingId } from '../../machines/ids.ts';
import { frame, magic } from './frames.ts';
import type { SegmentFile, SpoolDirectory, SpoolFiles } from './files.ts';

/** A file of records. It can go once nothing in it waits any more. */
export interface SegmentUse {
  readonly directory: SpoolDirectory;
  readonly name: string;
  sizeBytes: number;
  /** Ids of the enrolments in it that wait. */
  readonly waiting: Set<MatchingId>;
}

interface Active extends SegmentUse {
  readonly file: SegmentFile;
}

interface Appending {
  readonly bytes: Buffer;
  /** The enrolment that the record brings, if it brings one. */
  readonly id: MatchingId | null;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface JournalOptions {
  readonly files: SpoolFiles;
  /** Unique among all processes that ever use the directory. */
  readonly owner: string;
  readonly segmentBytes: number;
}

export class Journal {
  readonly #options: JournalOptions;
  #directory: SpoolDirectory | null = null;
  #active: Active | null = null;
  #made = 0;
  /** Oldest first; those adopted from the dead stand before our own. */
  #segments: SegmentUse[] = [];
  #appending: Appending[] = [];
  /** File operations one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Names of the directories under our locks. */
  get owners(): ReadonlySet<string> {
    return new Set([this.#options.owner, ...this.#segments.map(({ directory }) => directory.owner)]);
  }

  /** Makes the directory of this process, so that a disk that cannot be written to is known before it is needed. */
  async open(): Promise<void> {
    await this.#inTurn(() => this.#own());
  }

  adopt(segments: readonly SegmentUse[]): void {
    this.#segments = [...segments, ...this.#segments];
  }

  /** Resolves once the record is on disk. */
  async append(payload: Uint8Array, id: MatchingId | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#appending.push({ bytes: frame(payload), id, resolve, reject });
    void this.#inTurn(() => this.#flush());
    await promise;
  }

  /** Removes the segments in which nothing waits. Oldest first only: a later one may hold what became of an earlier one's records. */
  async sweep(settled: MatchingId | null): Promise<void> {
    if (settled !== null) for (const segment of this.#segments) segment.waiting.delete(settled);
    await this.#inTurn(async () => {
      for (let oldest = this.#segments[0]; oldest !== undefined && oldest.waiting.size === 0; oldest = this.#segments[0]) {
        if (oldest === this.#active) await this.#retire();
        await oldest.directory.remove(oldest.name);
        // Not the first one: others may have been adopted before it meanwhile.
        this.#segments.splice(this.#segments.indexOf(oldest), 1);
        if (oldest.directory !== this.#directory && !this.#segments.some(({ directory }) => directory === oldest.directory)) await oldest.directory.release();
      }
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#retire();
      const directories = new Set(this.#segments.map(({ directory }) => directory));
      if (this.#directory !== null) directories.add(this.#directory);
      for (const directory of directories) await directory.release();
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #flush(): Promise<void> {
    const group = this.#appending.splice(0);
    if (group.length === 0) return;
    try {
      await this.#write(Buffer.concat(group.map(({ bytes }) => bytes)), group.flatMap(({ id }) => id ?? []));
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  async #write(records: Buffer, ids: readonly MatchingId[]): Promise<void> {
    const segment = await this.#segmentToWrite();
    const bytes = segment.sizeBytes === 0 ? Buffer.concat([magic, records]) : records;
    try {
      await writeWhole(segment.file, bytes, segment.sizeBytes);
      await segment.file.sync();
    } catch (error) {
      await this.#abandon(segment);
      throw error;
    }
    segment.sizeBytes += bytes.byteLength;
    for (const id of ids) segment.waiting.add(id);
  }

  async #segmentToWrite(): Promise<Active> {
    if (this.#active !== null && this.#active.sizeBytes < this.#options.segmentBytes) return this.#active;
    await this.#retire();
    const directory = await this.#own();
    this.#made += 1;
    const name = `${String(this.#made).padStart(8, '0')}.log`;
    const active = { directory, name, file: await directory.open(name), sizeBytes: 0, waiting: new Set<MatchingId>() };
    this.#active = active;
    this.#segments.push(active);
    return active;
  }

  async #own(): Promise<SpoolDirectory> {
    this.#directory ??= await this.#options.files.create(this.#options.owner);
    return this.#directory;
  }

  /** Nobody was told that the failed records are kept: they are cut off where that can be done, and else read as they are. */
  async #abandon(segment: Active): Promise<void> {
    this.#active = null;
    const attempts = [() => segment.file.cut(segment.sizeBytes), () => segment.file.sync(), () => segment.file.close()];
    // The caller is told of the failure that came first; those that follow from it say nothing more.
    for (const attempt of attempts) await attempt().catch(() => {});
    if (segment.sizeBytes > 0) return;
    this.#segments = this.#segments.filter((one) => one !== segment);
    await segment.directory.remove(segment.name).catch(() => {});
  }

  async #retire(): Promise<void> {
    const active = this.#active;
    this.#active = null;
    await active?.file.close();
  }
}

async function writeWhole(file: SegmentFile, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    const taken = await file.write(bytes.subarray(written), position + written);
    if (taken === 0) throw new Error('the disk takes nothing more');
    written += taken;
  }
}
