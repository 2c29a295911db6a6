// The table of applications: an upsert by key where it is dynamic; where it is static, an append that happens once per matching.
import { type Transaction, YtError, type YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { ApplicationOwner, ApplicationRow } from '../yt.ts';
import { ensureDocument } from './own-nodes.ts';
import { patiently, type Patience } from './patience.ts';

const hourChars = '2026-01-02T03'.length;
/** Clocks of two machines that tell one moment may differ by that much. */
const clockDifferenceMs = 60_000;
const ledgerSchema = z.array(z.string()).nullable();
const namingSchema = z.looseObject({ matching_id: z.unknown() });

export class ApplicationTable {
  readonly #client: YtClient;
  readonly #path: string;
  readonly #patience: Patience;
  /** Whether the table is dynamic: asked once, and again when a write is refused. */
  #dynamic: boolean | null = null;
  /** The append under way: those of one process wait for each other here, not for locks of the cluster. */
  #appending: Promise<unknown> = Promise.resolve();

  constructor(client: YtClient, path: string, patience: Patience) {
    this.#client = client;
    this.#path = path;
    this.#patience = patience;
  }

  write(row: ApplicationRow, signal?: AbortSignal): Promise<void> {
    return this.#knowingKind((dynamic) => this.#writeAs(dynamic, row, signal), signal);
  }

  /** Where the table is dynamic, a row that names another matching is changed; none is added. Rows of a static one stay as they are. */
  correct(owner: ApplicationOwner, signal?: AbortSignal): Promise<void> {
    return this.#knowingKind(async (dynamic) => {
      if (dynamic && (await this.#namesAnother(owner, signal))) await this.#client.insertRows(this.#path, [{ ...owner }], { update: true }, signal);
    }, signal);
  }

  async #namesAnother({ newbie_key, matching_id }: ApplicationOwner, signal?: AbortSignal): Promise<boolean> {
    const found = z.array(namingSchema).parse(await this.#client.lookupRows(this.#path, [{ newbie_key }], { columns: ['matching_id'] }, signal));
    return found.some((one) => one.matching_id !== matching_id);
  }

  async #knowingKind(write: (dynamic: boolean) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const known = this.#dynamic;
    const dynamic = known ?? (await this.#ask(signal));
    try {
      await write(dynamic);
    } catch (error) {
      // The owner may have made the table anew as the other kind since we last asked.
      if (known === null || !(error instanceof YtError) || error.class === 'retriable') throw error;
      const present = await this.#ask(signal);
      if (present === known) throw error;
      await write(present);
    }
  }

  async #ask(signal?: AbortSignal): Promise<boolean> {
    const dynamic = (await this.#client.get(`${this.#path}/@dynamic`, {}, signal)) === true;
    this.#dynamic = dynamic;
    return dynamic;
  }

  async #writeAs(dynamic: boolean, row: ApplicationRow, signal?: AbortSignal): Promise<void> {
    if (dynamic) await this.#client.insertRows(this.#path, [{ ...row }], {}, signal);
    else await this.#inTurn(() => this.#append(row, signal));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#appending.then(work, work);
    this.#appending = turn;
    return turn;
  }

  async #append(row: ApplicationRow, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const ledgers = this.#ledgersOf(row);
    for (const ledger of ledgers) await ensureDocument(this.#client, ledger, signal);
    const once = (transaction: Transaction): Promise<void> => this.#appendOnce({ row, ledgers, transaction }, signal);
    const append = (): Promise<void> => this.#client.inTransaction({ title: `append to ${this.#path}` }, once, signal);
    await patiently(this.#patience, append, signal);
  }

  /**
   * The ids and newbies already written stand in nodes of our own that change in the same transaction as the table: its owner may take
   * the rows away or make the table anew at any time, and what was delivered is still known.
   */
  async #appendOnce({ row, ledgers, transaction }: Appending, outer?: AbortSignal): Promise<void> {
    const signal = outer === undefined ? transaction.signal : AbortSignal.any([transaction.signal, outer]);
    const inside = { transactionId: transaction.id };
    const written: string[][] = [];
    for (const ledger of ledgers) {
      await this.#client.lock(ledger, { mode: 'exclusive', ...inside }, signal);
      const decoded = ledgerSchema.safeParse(await this.#client.get(ledger, inside, signal));
      if (!decoded.success) throw new ServiceError('record_corrupt', `${ledger}: the ledger is malformed`);
      written.push(decoded.data ?? []);
    }
    if (written.flat().some((entry) => entry === row.matching_id || entry === row.newbie_key)) return;
    await this.#client.writeTable(this.#path, [{ ...row }], { append: true, ...inside }, signal);
    for (const [index, ledger] of ledgers.entries()) {
      await this.#client.set(ledger, [...(written[index] ?? []), row.matching_id, row.newbie_key], inside, signal);
    }
  }

  /**
   * By the hour of the enrolment: no list grows without end. In every repeat it is the same, save where the store and this machine tell
   * the time of one enrolment by their own clocks: near the turn of an hour it stands in the ledgers of both, taken in order of time so
   * that nobody waits for each other.
   */
  #ledgersOf(row: ApplicationRow): string[] {
    const askedAt = Date.parse(row.created_at);
    const hours = [askedAt - clockDifferenceMs, askedAt + clockDifferenceMs].map((at) => new Date(at).toISOString().slice(0, hourChars));
    return [...new Set(hours)].map((hour) => `${this.#path}_ledger/${hour}`);
  }
}

interface Appending {
  readonly row: ApplicationRow;
  readonly ledgers: readonly string[];
  readonly transaction: Transaction;
}
