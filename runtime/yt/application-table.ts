// The table of applications: an upsert by key where it is dynamic, an append in a transaction where it is static.
import { YtError, type YtClient } from 'ytsaurus-client';
import type { ApplicationRow } from '../yt.ts';

export class ApplicationTable {
  readonly #client: YtClient;
  readonly #path: string;
  /** Whether the table is dynamic: asked once, and again when a write is refused. */
  #dynamic: boolean | null = null;

  constructor(client: YtClient, path: string) {
    this.#client = client;
    this.#path = path;
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
    else await this.#client.writeTable(this.#path, [{ ...row }], { append: true }, signal);
  }
}
