// Where log lines go: to a disk that may be full, or to a reader that may be slow or gone. Lines may then be lost; the service goes on.
import { write, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DestinationStream } from 'pino';

/** In characters. */
const mostWaiting = 4 * 1024 * 1024;
const againMs = 10;
const writeSome = promisify(write);

/** Written at once, in the caller's time: for a file, whose lines several threads may share since each is written whole. */
export function lineFile(fd: number): DestinationStream {
  return {
    write: (line) => {
      try {
        writeSync(fd, line);
      } catch {
        // Whoever logs must not fail of it, and this is where it would be told.
      }
    },
  };
}

/** Written behind the caller: a pipe whose reader does not read stops nobody. What waits at the exit of the thread is written then. */
export class LineStream implements DestinationStream {
  readonly #fd: number;
  #waiting = '';
  #lost = 0;
  #isWriting = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#waiting.length > mostWaiting) {
      this.#lost += 1;
      return;
    }
    this.#waiting += line;
    if (!this.#isWriting) void this.#writeAll();
  }

  /** Without the part that is being written. */
  flush(): void {
    lineFile(this.#fd).write(this.#taken());
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting !== '') {
      const text = this.#taken();
      try {
        await writeWhole(this.#fd, Buffer.from(text));
      } catch {
        this.#lost += text.split('\n').length - 1;
      }
    }
    this.#isWriting = false;
  }

  #taken(): string {
    const text = this.#lost === 0 ? this.#waiting : `${lossLine(this.#lost)}${this.#waiting}`;
    this.#waiting = '';
    this.#lost = 0;
    return text;
  }
}

function lossLine(lines: number): string {
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lines, msg: 'log lines were lost' })}\n`;
}

async function writeWhole(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await writeSome(fd, bytes, at)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(againMs, undefined, { ref: false });
    }
  }
}
