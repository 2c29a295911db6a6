// Pieces of bytes into whole lines.

/** Gathers bytes until a line is whole; characters are decoded only then, so none is cut in two. */
export class LineBuffer {
  #pending: Buffer[] = [];

  /** All lines completed by `chunk`, without the last newline. */
  push(chunk: Buffer): string {
    const end = chunk.lastIndexOf(10);
    if (end === -1) {
      this.#pending.push(chunk);
      return '';
    }
    const complete = this.#pending.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...this.#pending, chunk.subarray(0, end)]);
    this.#pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    return complete.toString('utf8');
  }

  rest(): string {
    return Buffer.concat(this.#pending).toString('utf8');
  }
}
