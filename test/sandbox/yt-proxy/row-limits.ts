// Faults of row streams cut them after so many bytes or rows: how much of a piece still goes out.
import type { FaultEffect } from './faults.ts';

export interface Limit {
  readonly reached: boolean;
  take(piece: Buffer): Buffer;
}

export function limitOf(fault: FaultEffect | null): Limit {
  if (fault === null) return unlimited;
  if ('afterBytes' in fault) return limited(fault.afterBytes, lengthOfBytes, countBytes);
  if ('afterRows' in fault) return limited(fault.afterRows, lengthOfRows, countRows);
  return unlimited;
}

const unlimited: Limit = { reached: false, take: (piece) => piece };

function limited(most: number, fit: (piece: Buffer, left: number) => number, measure: (taken: Buffer) => number): Limit {
  let left = most;
  return {
    get reached() {
      return left <= 0;
    },
    take(piece) {
      const taken = piece.subarray(0, fit(piece, left));
      left -= measure(taken);
      return taken;
    },
  };
}

function lengthOfBytes(piece: Buffer, bytes: number): number {
  return Math.min(piece.length, bytes);
}

function countBytes(piece: Buffer): number {
  return piece.length;
}

/** How many bytes the first `rows` lines take. */
function lengthOfRows(piece: Buffer, rows: number): number {
  let at = 0;
  for (let row = 0; row < rows && at < piece.length; row += 1) at = piece.indexOf(10, at) + 1;
  return at;
}

function countRows(piece: Buffer): number {
  return piece.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
}
