// The spool over its files: the index of what waits, the limits, and what is told of both.
import type { MatchingId } from '../../machines/ids.ts';
import type { EpochMs } from '../../machines/matching-record.ts';
import { describeError, ServiceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Spool, SpoolEntry, SpooledEnrolment } from '../spool.ts';
import { readLeft } from './adoption.ts';
import type { SpoolFiles } from './files.ts';
import { Journal } from './journal.ts';
import { encode, keysOf, type SpoolRecord } from './records.ts';

export interface SpoolOptions {
  readonly files: SpoolFiles;
  /** Unique among all processes that ever use the directory; names a directory. */
  readonly owner: string;
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Programme time by this machine's clock. */
  readonly now: () => EpochMs;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly segmentBytes?: number;
}

type Asked = Omit<SpooledEnrolment, 'askedAt'>;

const defaultSegmentBytes = 256 * 1024;
/** Kept free for what is noted of the enrolments that wait. */
const reserveBytes = 4_096;

/** Takes over what dead processes left. Does not throw: a disk that cannot be used is said by `check`. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const spool = new FileSpool(options);
  await spool.open();
  return spool;
}

class FileSpool implements Spool {
  readonly #options: SpoolOptions;
  readonly #journal: Journal;
  readonly #entries = new Map<MatchingId, SpoolEntry>();
  readonly #byKey = new Map<string, MatchingId>();
  /** Being written, by the keys of the person: whoever comes meanwhile waits for the same. */
  readonly #keeping = new Map<string, Promise<SpoolEntry>>();
  /** What went wrong last, until something goes well. */
  #trouble: ServiceError | null = null;
  #setAside = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    const { files, owner, segmentBytes = defaultSegmentBytes } = options;
    this.#journal = new Journal({ files, owner, segmentBytes });
  }

  async open(): Promise<void> {
    try {
      await this.#journal.open();
      await this.adopt();
    } catch (error) {
      this.#note(error);
    }
  }

  async keep(enrolment: Asked): Promise<SpoolEntry> {
    const known = this.find(enrolment);
    if (known !== null) return known;
    const keys = keysOf(enrolment);
    for (const key of keys) {
      const kept = await this.#keeping.get(key)?.catch(() => null);
      if (kept !== undefined && kept !== null) return kept;
    }
    // Others may have begun while we waited for one that failed.
    if (keys.some((key) => this.#keeping.has(key))) return this.keep(enrolment);
    const keeping = this.#write({ ...enrolment, askedAt: this.now() });
    for (const key of keys) this.#keeping.set(key, keeping);
    try {
      return await keeping;
    } finally {
      for (const key of keys) this.#keeping.delete(key);
    }
  }

  find(person: Pick<SpooledEnrolment, 'udid' | 'profiles'>): SpoolEntry | null {
    // Nearly always: every request asks.
    if (this.#byKey.size === 0) return null;
    const id = keysOf(person).map((key) => this.#byKey.get(key)).find((found) => found !== undefined);
    return id === undefined ? null : (this.#entries.get(id) ?? null);
  }

  waiting(): readonly SpoolEntry[] {
    return [...this.#entries.values()];
  }

  async noteFormed(id: MatchingId): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.set(id, { ...entry, isFormed: true });
    await this.#mark({ type: 'formed', matchingId: id });
  }

  async settle(id: MatchingId): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    await this.#mark({ type: 'settled', matchingId: id });
    this.#forget(entry);
    try {
      await this.#journal.sweep(id);
    } catch (error) {
      // What is done stays done: a segment left behind is read again by the next process, and changes nothing.
      this.#options.log.warn({ error: describeError(asTrouble(error)) }, 'a segment of the spool could not be removed');
    }
    this.#measure();
  }

  async adopt(): Promise<void> {
    const { files, log, metrics } = this.#options;
    const { records, segments, damaged } = await readLeft(files, this.#journal.owners, log);
    const entries = entriesOf(records);
    for (const { waiting } of segments) for (const id of waiting) if (!entries.has(id)) waiting.delete(id);
    this.#journal.adopt(segments);
    for (const entry of entries.values()) this.#remember(entry);
    metrics.spoolDamaged.inc(damaged);
    if (segments.length > 0) {
      log.info({ segments: segments.length, waiting: entries.size }, 'took over what processes that are gone left in the spool');
      await this.#journal.sweep(null);
    }
    this.#setAside = await files.countSetAside();
    this.#measure();
  }

  async check(): Promise<void> {
    if (this.#isFull()) throw full();
    if (this.#trouble !== null) {
      await this.#append({ type: 'checked' });
      await this.#journal.sweep(null);
    }
    if (this.#setAside > 0) throw new ServiceError('record_corrupt', 'the spool has set apart what it cannot read');
  }

  now(): EpochMs {
    return this.#options.now();
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  async #write(enrolment: SpooledEnrolment): Promise<SpoolEntry> {
    try {
      await this.#append({ type: 'enrolled', enrolment });
    } catch (error) {
      const reason = error instanceof ServiceError && error.code === 'spool_full' ? 'full' : 'disk';
      this.#options.metrics.spoolRejects.inc({ reason });
      throw error;
    }
    const entry = { ...enrolment, isFormed: false };
    this.#remember(entry);
    this.#measure();
    return entry;
  }

  async #append(record: SpoolRecord): Promise<void> {
    if (record.type === 'enrolled' && this.#isFull()) throw full();
    try {
      await this.#journal.append(encode(record), record.type === 'enrolled' ? record.enrolment.matchingId : null);
      this.#trouble = null;
    } catch (error) {
      throw this.#note(error);
    }
  }

  /** A mark saves work after a crash; without it the work is done again, to no harm. */
  async #mark(record: SpoolRecord): Promise<void> {
    try {
      await this.#append(record);
    } catch (error) {
      this.#options.log.warn({ error: describeError(error) }, 'a mark could not be written to the spool');
    }
  }

  #isFull(): boolean {
    const { maxRecords, maxBytes } = this.#options;
    return this.#entries.size >= maxRecords || this.#journal.sizeBytes > maxBytes - reserveBytes;
  }

  #remember(entry: SpoolEntry): void {
    this.#entries.set(entry.matchingId, entry);
    for (const key of keysOf(entry)) if (!this.#byKey.has(key)) this.#byKey.set(key, entry.matchingId);
  }

  #forget(entry: SpoolEntry): void {
    this.#entries.delete(entry.matchingId);
    for (const key of keysOf(entry)) if (this.#byKey.get(key) === entry.matchingId) this.#byKey.delete(key);
  }

  #note(error: unknown): ServiceError {
    this.#trouble = asTrouble(error);
    this.#options.log.error({ error: describeError(this.#trouble), cause: (error as NodeJS.ErrnoException).code }, 'the spool cannot be used');
    return this.#trouble;
  }

  #measure(): void {
    const { metrics, now } = this.#options;
    metrics.spoolRecords.set(this.#entries.size);
    metrics.spoolBytes.set(this.#journal.sizeBytes);
    const oldest = this.#entries.values().next().value;
    metrics.spoolOldestAge.set(oldest === undefined ? 0 : Math.max(0, now() - oldest.askedAt) / 1_000);
  }
}

/** What still waits after all that was recorded. Repeated records are one. */
function entriesOf(records: readonly SpoolRecord[]): Map<MatchingId, SpoolEntry> {
  const settled = new Set(records.flatMap((record) => (record.type === 'settled' ? [record.matchingId] : [])));
  const formed = new Set(records.flatMap((record) => (record.type === 'formed' ? [record.matchingId] : [])));
  const enrolled = records.flatMap((record) => (record.type === 'enrolled' && !settled.has(record.enrolment.matchingId) ? [record.enrolment] : []));
  return new Map(enrolled.map((enrolment) => [enrolment.matchingId, { ...enrolment, isFormed: formed.has(enrolment.matchingId) }]));
}

function full(): ServiceError {
  return new ServiceError('spool_full', 'the spool holds as much as it may');
}

/** The words of the file system stay in `cause`. */
function asTrouble(error: unknown): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError('spool_unavailable', 'the spool cannot be written', { cause: error });
}
