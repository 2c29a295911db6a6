// The bytes of a segment: a magic word, then records, each with its length and a checksum. Pure: reads what a crash or a bad disk left.
import { crc32 } from 'node:zlib';

export const magic = Buffer.from('MSPOOL1\n', 'latin1');
const headBytes = 8;
/** No record comes near it: a greater length is garbage. */
const maxPayloadBytes = 64 * 1024;

/** Length and checksum, little-endian, then the payload. The checksum covers the length too. */
export function frame(payload: Uint8Array): Buffer {
  if (payload.byteLength === 0 || payload.byteLength > maxPayloadBytes) throw new RangeError('a record has from 1 byte to 64 KiB');
  const bytes = Buffer.allocUnsafe(headBytes + payload.byteLength);
  bytes.writeUInt32LE(payload.byteLength, 0);
  bytes.set(payload, headBytes);
  bytes.writeUInt32LE(checksum(bytes), 4);
  return bytes;
}

export interface Damage {
  readonly start: number;
  readonly end: number;
}

export interface Segment {
  readonly payloads: readonly Buffer[];
  /** Bytes that hold no readable record, with readable ones after them or whole to the end: no mere crash leaves such. */
  readonly damages: readonly Damage[];
  /** Where a record begins that was cut short by a crash; null when the file ends with a whole one. */
  readonly tornAt: number | null;
}

export function readSegment(file: Uint8Array): Segment {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const payloads: Buffer[] = [];
  const damages: Damage[] = [];
  // A crash may leave the magic word itself incomplete.
  if (bytes.length < magic.length && magic.subarray(0, bytes.length).equals(bytes)) return { payloads, damages, tornAt: bytes.length === 0 ? null : 0 };
  let at = bytes.subarray(0, magic.length).equals(magic) ? magic.length : 0;
  while (at < bytes.length) {
    const payload = payloadAt(bytes, at);
    if (payload !== null) {
      payloads.push(payload);
      at += headBytes + payload.length;
      continue;
    }
    const next = nextFrame(bytes, at + 1);
    if (next === null && isCutShort(bytes, at)) return { payloads, damages, tornAt: at };
    damages.push({ start: at, end: next ?? bytes.length });
    at = next ?? bytes.length;
  }
  return { payloads, damages, tornAt: null };
}

function payloadAt(bytes: Buffer, at: number): Buffer | null {
  const length = lengthAt(bytes, at);
  if (length === null || at + headBytes + length > bytes.length) return null;
  const framed = bytes.subarray(at, at + headBytes + length);
  return framed.readUInt32LE(4) === checksum(framed) ? framed.subarray(headBytes) : null;
}

/** Null for what cannot be the length of a record. */
function lengthAt(bytes: Buffer, at: number): number | null {
  if (at + headBytes > bytes.length) return null;
  const length = bytes.readUInt32LE(at);
  return length === 0 || length > maxPayloadBytes ? null : length;
}

function nextFrame(bytes: Buffer, from: number): number | null {
  for (let at = from; at + headBytes < bytes.length; at += 1) if (payloadAt(bytes, at) !== null) return at;
  return null;
}

/** A killed process leaves a prefix of a record; a machine that lost power may leave zeros where data was to come. */
function isCutShort(bytes: Buffer, at: number): boolean {
  const length = lengthAt(bytes, at);
  if (length !== null) return at + headBytes + length > bytes.length;
  return bytes.length - at < headBytes || bytes.subarray(at).every((byte) => byte === 0);
}

function checksum(framed: Buffer): number {
  return crc32(framed.subarray(headBytes), crc32(framed.subarray(0, 4)));
}
