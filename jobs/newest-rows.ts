// Which row of a table is the newest of each newbie: less than thirty bytes a newbie, because a first import has a million of them.
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
  readonly high: Uint32Array<ArrayBuffer>;
  readonly low: Uint32Array<ArrayBuffer>;
  readonly dates: Float64Array<ArrayBuffer>;
  /** One more than the number of the row; zero for an empty slot. */
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly older: Uint8Array<ArrayBuffer>;
}

/** A part of the keys. */
interface Part {
  slots: Slots;
  size: number;
}

/** Each grows by itself, so that hardly anything is held twice. */
const partCount = 64;
const firstCapacity = 64;
const fill = 0.85;
const growth = 1.25;

export function createNewestRows(): NewestRows {
  const parts = Array.from({ length: partCount }, (): Part => ({ slots: emptySlots(firstCapacity), size: 0 }));
  const partOf = (low: number): Part => parts[low % partCount] as Part;
  return {
    get size() {
      return parts.reduce((sum, { size }) => sum + size, 0);
    },
    note(key, connectedAt, index) {
      const [high, low] = digestOf(key);
      const part = partOf(low);
      if (part.size + 1 > part.slots.capacity * fill) part.slots = grown(part.slots);
      const { slots } = part;
      const slot = slotOf(slots, high, low);
      const present = rowAt(slots, slot);
      if (present === null) {
        part.size += 1;
        put(slots, slot, { high, low, connectedAt, index, older: 0 });
      } else if (isNewer({ connectedAt, index }, present)) put(slots, slot, { high, low, connectedAt, index, older: 1 });
      else slots.older[slot] = 1;
    },
    of(key) {
      const [high, low] = digestOf(key);
      const { slots } = partOf(low);
      return rowAt(slots, slotOf(slots, high, low));
    },
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
  const larger = emptySlots(Math.ceil(slots.capacity * growth));
  for (let slot = 0; slot < slots.capacity; slot += 1) {
    const row = rowAt(slots, slot);
    if (row === null) continue;
    const [high, low] = [slots.high[slot] ?? 0, slots.low[slot] ?? 0];
    put(larger, slotOf(larger, high, low), { high, low, connectedAt: row.connectedAt, index: row.index, older: slots.older[slot] ?? 0 });
  }
  giveBack(slots);
  return larger;
}

/** At once: left to the garbage collector they would be as large as all that is held, before it looked at them. */
function giveBack({ high, low, dates, rows, older }: Slots): void {
  for (const { buffer } of [high, low, dates, rows, older]) buffer.transfer(0);
}
