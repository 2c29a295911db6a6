// The table of applications: an upsert by key where it is dynamic; where it is static, an append that happens once per matching.
import { type Transaction, YtError, type YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { ApplicationRow } from '../yt.ts';
import { ensureDocument } from './own-nodes.ts';
import { patiently, type Patience } from './patience.ts';

const hourChars = '2026-01-02T03'.length;
const ledgerSchema = z.array(z.string()).nullable();

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

  async write(row: ApplicationRow, signal?: AbortSignal): Promise<void> {
    const known = this.#dynamic;
    const dynamic = known ?? (await this.#ask(signal));
    try {
      await this.#writeAs(dynamic, row, signal);
    } catch (error) {
      // The owner may have made the table anew as the other kind since we last asked.
      if (known === null || !(error instanceof YtError) || error.class === 'retriable') throw error;
      const present = await this.#ask(signal);
      if (present === known) throw error;
      await this.#writeAs(present, row, signal);
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
    const ledger = this.#ledgerOf(row);
    await ensureDocument(this.#client, ledger, signal);
    const once = (transaction: Transaction): Promise<void> => this.#appendOnce({ row, ledger, transaction }, signal);
    const append = (): Promise<void> => this.#client.inTransaction({ title: `append to ${this.#path}` }, once, signal);
    await patiently(this.#patience, append, signal);
  }

  /**
   * The ids already written stand in a node of our own and change in the same transaction as the table: its owner may take the rows
   * away or make the table anew at any time, and what was delivered is still known.
   */
  async #appendOnce({ row, ledger, transaction }: Appending, outer?: AbortSignal): Promise<void> {
    const signal = outer === undefined ? transaction.signal : AbortSignal.any([transaction.signal, outer]);
    const inside = { transactionId: transaction.id };
    await this.#client.lock(ledger, { mode: 'exclusive', ...inside }, signal);
    const written = ledgerSchema.safeParse(await this.#client.get(ledger, inside, signal));
    if (!written.success) throw new ServiceError('record_corrupt', `${ledger}: the ledger is malformed`);
    const ids = written.data ?? [];
    if (ids.includes(row.matching_id)) return;
    await this.#client.writeTable(this.#path, [{ ...row }], { append: true, ...inside }, signal);
    await this.#client.set(ledger, [...ids, row.matching_id], inside, signal);
  }

  /** By the hour of the enrolment, which is the same in every repeat: no list grows without end, and no repeat is too late. */
  #ledgerOf(row: ApplicationRow): string {
    return `${this.#path}_ledger/${row.created_at.slice(0, hourChars)}`;
  }
}

interface Appending {
  readonly row: ApplicationRow;
  readonly ledger: string;
  readonly transaction: Transaction;
}
