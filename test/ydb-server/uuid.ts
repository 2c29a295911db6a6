// Uuid in its three forms: text, the stored bytes (the first three groups reversed), and the two halves on the wire.
export interface WireLong {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The hex of the stored bytes, or null if the text is no Uuid. */
export function storedUuid(text: string): string | null {
  if (!pattern.test(text)) return null;
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = text.toLowerCase().split('-');
  return reversed(first) + reversed(second) + reversed(third) + fourth + fifth;
}

export function uuidText(stored: string): string {
  const groups = [
    reversed(stored.slice(0, 8)),
    reversed(stored.slice(8, 12)),
    reversed(stored.slice(12, 16)),
    stored.slice(16, 20),
    stored.slice(20),
  ];
  return groups.join('-');
}

export function uuidToHalves(stored: string): { low_128: WireLong; high_128: WireLong } {
  const bytes = Buffer.from(stored, 'hex');
  return { low_128: longAt(bytes, 0), high_128: longAt(bytes, 8) };
}

export function uuidFromHalves(low: bigint, high: bigint): string {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(low, 0);
  bytes.writeBigUInt64LE(high, 8);
  return bytes.toString('hex');
}

function longAt(bytes: Buffer, offset: number): WireLong {
  return { low: bytes.readInt32LE(offset), high: bytes.readInt32LE(offset + 4), unsigned: true };
}

function reversed(hex: string): string {
  return (hex.match(/../g) ?? []).toReversed().join('');
}
