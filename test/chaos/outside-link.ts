// How the runner asks the process of the outside world.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type Question = 'environment' | 'store_away' | 'store_back' | 'upstream_fault' | 'applications' | 'events' | 'close';

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export interface AcceptedEvent {
  readonly id: string;
  readonly payload: { readonly matchingId: string; readonly kind: string };
  readonly duplicates: number;
}

export class Outside {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
  }

  static async start({ store, drivers, seed }: { readonly store: string; readonly drivers: number; readonly seed: number }): Promise<Outside> {
    const file = join(import.meta.dirname, 'outside.ts');
    const child = fork(file, [store, String(drivers), String(seed)], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    await once(child, 'message');
    return new Outside(child);
  }

  async ask<Value>(question: Question): Promise<Value> {
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ id, question });
    const { value, error } = await answered;
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(`the outside world could not ${question}: ${error}`);
    return value as Value;
  }

  async close(): Promise<void> {
    await this.ask('close');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}
