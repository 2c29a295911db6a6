// The bytes of a segment under every cut and every flipped bit: what was whole is read, the rest is named.
import { array, assert, nat, property, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { frame, magic, readSegment } from '../../../runtime/spool/frames.ts';

const payloads = array(uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 8 });

function segmentOf(records: readonly Uint8Array[]): Buffer {
  return Buffer.concat([magic, ...records.map(frame)]);
}

function startsOf(records: readonly Uint8Array[]): number[] {
  const starts = [magic.length];
  for (const record of records) starts.push(starts.at(-1)! + 8 + record.byteLength);
  return starts;
}

const texts = (records: readonly Uint8Array[]): string[] => records.map((record) => Buffer.from(record).toString('hex'));

test('records come back as they were written', () => {
  assert(property(payloads, (records) => {
    const read = readSegment(segmentOf(records));
    expect(texts(read.payloads)).toEqual(texts(records));
    expect(read).toMatchObject({ damages: [], tornAt: null });
  }));
});

test('cut anywhere, every record before the cut is read, and the rest is a torn end', () => {
  assert(property(payloads, nat(), (records, random) => {
    const whole = segmentOf(records);
    const size = random % whole.length;
    const read = readSegment(whole.subarray(0, size));
    const starts = startsOf(records);
    const kept = starts.slice(1).filter((end) => end <= size).length;
    expect(texts(read.payloads)).toEqual(texts(records.slice(0, kept)));
    expect(read.damages).toEqual([]);
    const clean = size === 0 || starts.includes(size);
    expect(read.tornAt).toBe(clean ? null : size < magic.length ? 0 : starts[kept]);
  }));
});

test('a flipped bit costs the record it hit and no other, and its place is named', () => {
  assert(property(payloads, nat(), nat({ max: 7 }), (records, random, bit) => {
    const bytes = segmentOf(records);
    const at = magic.length + (random % (bytes.length - magic.length));
    bytes[at]! ^= 1 << bit;
    const read = readSegment(bytes);
    const starts = startsOf(records);
    const hit = starts.findLastIndex((start) => start <= at);
    expect(texts(read.payloads)).toEqual(texts(records.filter((_, index) => index !== hit)));
    // In the last record a greater length cannot be told from a record cut short.
    const named = read.damages.some(({ start, end }) => start <= at && at < end) || (hit === records.length - 1 && read.tornAt === starts[hit]);
    expect(named).toBe(true);
  }), { numRuns: 500 });
});

test('zeros that a power loss left at the end are a torn end', () => {
  const bytes = segmentOf([Buffer.from('one')]);
  expect(readSegment(Buffer.concat([bytes, Buffer.alloc(100)]))).toMatchObject({ damages: [], tornAt: bytes.length });
});

test('a file of something else is damage from its first byte to its last', () => {
  const foreign = Buffer.from('this was never a segment of the spool, whatever its name may say');
  expect(readSegment(foreign)).toMatchObject({ payloads: [], damages: [{ start: 0, end: foreign.length }] });
});
