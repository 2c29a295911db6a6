// Rows of any shape become typed rows or named faults: never an exception, never a value in the words of a fault.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileKey } from '../../machines/ids.ts';
import { canonicalJson, rejectRecord } from '../../jobs/rejects.ts';
import { connectionColumns, connectionDecoder, decodePromocode, decodeResult, promocodeColumns, resultColumns } from '../../jobs/rows.ts';

const now = Date.UTC(2026, 2, 1, 12);
const decodeConnection = connectionDecoder(now, 'UTC');
const good = {
  newbie_park_id: 'park-1', newbie_driver_id: 'newbie', mentor_park_id: 'park-2', mentor_driver_id: 'mentor',
  connected_dttm: '2026-03-01T10:00:00Z',
};

test('a good connection is decoded and its further columns are ignored', () => {
  const decoded = decodeConnection({ ...good, comment: { any: 'thing' } });
  expect(decoded).toEqual({
    row: {
      newbie: { parkId: 'park-1', driverId: 'newbie' }, mentor: { parkId: 'park-2', driverId: 'mentor' }, connectedAt: Date.UTC(2026, 2, 1, 10),
    },
  });
});

test.each([
  [{ ...good, newbie_park_id: undefined, mentor_driver_id: null }, 'missing_field', 'newbie_park_id, mentor_driver_id'],
  [{ ...good, mentor_park_id: '' }, 'missing_field', 'mentor_park_id'],
  [{ ...good, newbie_park_id: 7 }, 'mistyped_field', 'newbie_park_id'],
  [{ ...good, newbie_park_id: 'under_score' }, 'malformed_id', 'newbie_park_id, newbie_driver_id'],
  [{ ...good, mentor_driver_id: 'x'.repeat(65) }, 'malformed_id', 'mentor_park_id, mentor_driver_id'],
  [{ ...good, connected_dttm: 'yesterday' }, 'malformed_date', 'connected_dttm'],
  [{ ...good, connected_dttm: '2026-03-02T12:00:00.001Z' }, 'future_date', 'connected_dttm'],
  [{ ...good, connected_dttm: '2014-12-31T23:59:59Z' }, 'ancient_date', 'connected_dttm'],
  [{ ...good, mentor_park_id: 'park-1', mentor_driver_id: 'newbie' }, 'self_match', 'mentor_park_id, mentor_driver_id'],
  [[good], 'malformed_row', connectionColumns.join(', ')],
  [null, 'malformed_row', connectionColumns.join(', ')],
])('a faulty connection is named by reason and field: %j', (raw, reject, detail) => {
  expect(decodeConnection(raw)).toEqual({ reject, detail });
});

test('a date exactly a day ahead and the first moment of 2015 are still good', () => {
  expect(decodeConnection({ ...good, connected_dttm: '2026-03-02T12:00:00Z' })).toHaveProperty('row');
  expect(decodeConnection({ ...good, connected_dttm: '2015-01-01T00:00:00Z' })).toHaveProperty('row');
});

test('figures are strings, numbers become strings, what is absent is null', () => {
  expect(decodeResult({ udid: 'udid-1', rate_avg_7d: '4.90', sh_7d: 40, avg_dp_7d: 12.5, sh_14d: null })).toEqual({
    row: {
      udid: 'udid-1',
      figures: {
        rate_avg_7d: '4.90', rate_avg_14d: null, avg_dp_7d: '12.5', avg_dp_14d: null, sh_7d: '40', sh_14d: null,
        correct_answers: null, passed_test_flg: null,
      },
    },
  });
});

test('a promocode is taken without the blanks around it, and blanks alone are none', () => {
  expect(decodePromocode({ entity_id: 'park-1_driver', promocode: ' CODE\n' })).toMatchObject({ row: { promocode: 'CODE' } });
  expect(decodePromocode({ entity_id: 'park-1_driver', promocode: '  ' })).toEqual({ reject: 'missing_field', detail: 'promocode' });
});

test.each(['nan', 'inf', '-inf'])('%j, as YT writes what is no number, is no figure', (rate) => {
  expect(decodeResult({ udid: 'udid-1', rate_avg_7d: rate })).toMatchObject({ row: { figures: { rate_avg_7d: null } } });
});

test('a blank is no figure', () => {
  const { row } = decodeResult({ udid: 'udid-1', rate_avg_7d: '', avg_dp_7d: ' \t', sh_7d: ' 0 ' }) as { row: { figures: object } };
  expect(row.figures).toMatchObject({ rate_avg_7d: null, avg_dp_7d: null, sh_7d: ' 0 ' });
});

test.each([
  [{ sh_7d: '1' }, 'missing_field', 'udid'],
  [{ udid: 5 }, 'mistyped_field', 'udid'],
  [{ udid: 'a/b' }, 'malformed_id', 'udid'],
  [{ udid: 'u', passed_test_flg: true }, 'mistyped_field', 'passed_test_flg'],
  [{ udid: 'u', rate_avg_14d: 'x'.repeat(65) }, 'too_long', 'rate_avg_14d'],
])('a faulty result is named by reason and field: %j', (raw, reject, detail) => {
  expect(decodeResult(raw)).toEqual({ reject, detail });
});

test.each([
  [
    { entity_id: 'park-1_driver', promocode: 'CODE' },
    { row: { entity: 'park-1_driver', profile: { parkId: 'park-1', driverId: 'driver' }, promocode: 'CODE' } },
  ],
  [{ entity_id: 'a_b_c', promocode: 'CODE' }, { reject: 'malformed_id', detail: 'entity_id' }],
  [{ entity_id: 'a_b', promocode: null }, { reject: 'missing_field', detail: 'promocode' }],
  [{ entity_id: 'a_b', promocode: 'x'.repeat(65) }, { reject: 'too_long', detail: 'promocode' }],
  [{ promocode: 3 }, { reject: 'missing_field', detail: 'entity_id' }],
])('a promocode row is decoded or named: %j', (raw, expected) => {
  expect(decodePromocode(raw)).toEqual(expected);
});

const decoders = [
  [decodeConnection, connectionColumns],
  [decodeResult, resultColumns],
  [decodePromocode, promocodeColumns],
] as const;

test.each(decoders)('any JSON is a row or a fault whose words are names of columns', (decode, columns) => {
  const anyField = fc.oneof(fc.jsonValue(), fc.string(), fc.constantFrom(...Object.values(good)));
  const anyRow = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...columns), anyField));
  fc.assert(
    fc.property(anyRow, (raw) => {
      const decoded = decode(raw);
      if ('row' in decoded) return;
      for (const word of decoded.detail.split(', ')) expect(columns).toContain(word);
    }),
    { numRuns: 1_000 },
  );
});

test('what decodes to profiles can be addressed by them again', () => {
  const id = fc.stringMatching(/^[0-9A-Za-z-]{1,64}$/);
  fc.assert(
    fc.property(id, id, (parkId, driverId) => {
      const decoded = decodePromocode({ entity_id: `${parkId}_${driverId}`, promocode: 'X' });
      expect('row' in decoded && profileKey(decoded.row.profile)).toBe(`${parkId}_${driverId}`);
    }),
  );
});

test('the same row is the same reject, whatever the order of its columns; another source or value is another', () => {
  const idOf = (source: 'results' | 'distribution', row: unknown) => rejectRecord({ source, row, reason: 'r', detail: 'd' }, 1).id;
  const id = idOf('results', { a: 1, b: { c: 2, d: [1, 2] } });
  expect(idOf('results', { b: { d: [1, 2], c: 2 }, a: 1 })).toBe(id);
  expect(idOf('distribution', { a: 1, b: { c: 2, d: [1, 2] } })).not.toBe(id);
  expect(idOf('results', { a: 1, b: { c: 2, d: [2, 1] } })).not.toBe(id);
});

test('any value has a canonical text', () => {
  fc.assert(fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
    expect(typeof canonicalJson(value)).toBe('string');
  }));
});
