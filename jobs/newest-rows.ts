// Which row of a table is the newest of each newbie: about thirty bytes a newbie, because a first import has a million of them.
import { hash } from 'node:crypto';
import type { ProfileKey } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';

export interface NewestRow {
  readonly connectedAt: EpochMs;
  /** Number of the row in the table, from zero. */
  readonly index: number;
  /** There are older rows of the same key. */
  readonly hasOlder: boolean;
}

export interface NewestRows {
  readonly size: number;
  note(key: ProfileKey, connectedAt: EpochMs, index: number): void;
  of(key: ProfileKey): NewestRow | null;
}

type Place = Pick<NewestRow, 'connectedAt' | 'index'>;

/** Of equal dates the later row is the newer one (A6). */
export function isNewer(a: Place, b: Place): boolean {
  return a.connectedAt > b.connectedAt || (a.connectedAt === b.connectedAt && a.index > b.index);
}

/** Keys are kept as 64 bits of their digest: two of a million newbies meet in them once in tens of millions of imports. */
interface Slots {
  readonly capacity: number;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly dates: Float64Array;
  /** One more than the number of the row; zero for an empty slot. */
  readonly rows: Uint32Array;
  readonly older: Uint8Array;
}

const fill = 0.75;
const leastCapacity = 64;

/** `expected` keys are taken without growing. */
export function createNewestRows(expected: number): NewestRows {
  let slots = emptySlots(Math.max(leastCapacity, Math.ceil(expected / fill) + 1));
  let size = 0;
  return {
    get size() {
      return size;
    },
    note(key, connectedAt, index) {
      if (size + 1 > slots.capacity * fill) slots = grown(slots);
      const [high, low] = digestOf(key);
      const slot = slotOf(slots, high, low);
      const present = rowAt(slots, slot);
      if (present === null) {
        size += 1;
        put(slots, slot, { high, low, connectedAt, index, older: 0 });
      } else if (isNewer({ connectedAt, index }, present)) put(slots, slot, { high, low, connectedAt, index, older: 1 });
      else slots.older[slot] = 1;
    },
    of: (key) => rowAt(slots, slotOf(slots, ...digestOf(key))),
  };
}

function emptySlots(capacity: number): Slots {
  return {
    capacity,
    high: new Uint32Array(capacity),
    low: new Uint32Array(capacity),
    dates: new Float64Array(capacity),
    rows: new Uint32Array(capacity),
    older: new Uint8Array(capacity),
  };
}

function digestOf(key: string): readonly [high: number, low: number] {
  const digest = hash('sha256', key, 'buffer');
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

/** The slot of the key, or the empty one where it belongs. */
function slotOf({ capacity, high, low, rows }: Slots, keyHigh: number, keyLow: number): number {
  let slot = keyHigh % capacity;
  while (rows[slot] !== 0 && (high[slot] !== keyHigh || low[slot] !== keyLow)) slot = (slot + 1) % capacity;
  return slot;
}

function rowAt({ dates, rows, older }: Slots, slot: number): NewestRow | null {
  const row = rows[slot] ?? 0;
  return row === 0 ? null : { connectedAt: dates[slot] ?? 0, index: row - 1, hasOlder: older[slot] === 1 };
}

interface Entry extends Place {
  readonly high: number;
  readonly low: number;
  readonly older: number;
}

function put(slots: Slots, slot: number, { high, low, connectedAt, index, older }: Entry): void {
  slots.high[slot] = high;
  slots.low[slot] = low;
  slots.dates[slot] = connectedAt;
  slots.rows[slot] = index + 1;
  slots.older[slot] = older;
}

function grown(slots: Slots): Slots {
  const larger = emptySlots(slots.capacity * 2);
  for (let slot = 0; slot < slots.capacity; slot += 1) {
    const row = rowAt(slots, slot);
    if (row === null) continue;
    const [high, low] = [slots.high[slot] ?? 0, slots.low[slot] ?? 0];
    put(larger, slotOf(larger, high, low), { high, low, connectedAt: row.connectedAt, index: row.index, older: slots.older[slot] ?? 0 });
  }
  return larger;
}
