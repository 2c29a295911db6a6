// The rows of one reading of the distribution table, packed: a first import holds a million of them at once.
import { parseProfileKey, profileKey, type Profile } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';
import type { ConnectionRow } from './rows.ts';

export interface Connections {
  readonly size: number;
  add(row: ConnectionRow): void;
  /** Newest first; of equal dates, the row added later first. */
  newestFirst(): Generator<ConnectionRow>;
}

const chunkBytes = 1 << 20;
const newline = 0x0a;

/** Ids are ASCII by their parser, so one byte per character is exact; objects and strings would take twice the room. */
export function createConnections(): Connections {
  const chunks: Buffer[] = [];
  const dates: EpochMs[] = [];
  const positions: number[] = [];
  let used = chunkBytes;

  function append(text: string): number {
    if (used + text.length > chunkBytes) {
      chunks.push(Buffer.allocUnsafeSlow(chunkBytes));
      used = 0;
    }
    const at = used;
    used += chunks.at(-1)?.write(text, at, 'latin1') ?? 0;
    return (chunks.length - 1) * chunkBytes + at;
  }

  function rowAt(index: number): ConnectionRow {
    const position = positions[index] ?? 0;
    const chunk = chunks[Math.floor(position / chunkBytes)] ?? Buffer.alloc(0);
    const start = position % chunkBytes;
    const [newbie, mentor] = chunk.toString('latin1', start, chunk.indexOf(newline, start)).split(' ').map(unpacked);
    if (newbie === undefined || mentor === undefined) throw new TypeError('a packed row lost a profile');
    return { newbie, mentor, connectedAt: dates[index] ?? 0 };
  }

  return {
    get size() {
      return dates.length;
    },
    add({ newbie, mentor, connectedAt }) {
      positions.push(append(`${profileKey(newbie)} ${profileKey(mentor)}\n`));
      dates.push(connectedAt);
    },
    *newestFirst() {
      const order = Uint32Array.from(dates.keys()).sort((a, b) => (dates[b] ?? 0) - (dates[a] ?? 0) || b - a);
      for (const index of order) yield rowAt(index);
    },
  };
}

function unpacked(key: string): Profile {
  const profile = parseProfileKey(key);
  if (profile === null) throw new TypeError('a packed row holds something other than a profile');
  return profile;
}
