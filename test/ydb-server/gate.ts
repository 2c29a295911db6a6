// Holds calls back during an outage: to be let through later, or never.
export class Gate {
  #mode: 'open' | 'wait' | 'drop' = 'open';
  #opened = Promise.withResolvers<void>();

  async pass(): Promise<void> {
    if (this.#mode === 'drop') await new Promise<never>(() => {});
    if (this.#mode === 'wait') await this.#opened.promise;
  }

  shut(mode: 'wait' | 'drop'): void {
    this.#mode = mode;
  }

  open(): void {
    this.#mode = 'open';
    this.#opened.resolve();
    this.#opened = Promise.withResolvers<void>();
  }
}
