// How ids lie in rows: a UUID as its sixteen bytes, anything else as it is.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { packId, readId } from '../../../runtime/store/sqlite/columns.ts';

it('reads every UUID as it was before it was packed', () => {
  fc.assert(fc.property(fc.uuid(), (id) => {
    const packed = packId(id) as Uint8Array<ArrayBuffer>;
    expect(packed).toHaveLength(16);
    expect(readId({ uuid: packed }, 'uuid')).toBe(id);
  }));
});

it('keeps what no lower-case UUID is as text', () => {
  for (const id of ['', 'not-an-id', '0F8FAD5B-D9CB-469F-A165-70867728950E', '0f8fad5bd-9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950g']) {
    expect(packId(id)).toBe(id);
    expect(readId({ uuid: id }, 'uuid')).toBe(id);
  }
});

it.each([[new Uint8Array(15)], [new Uint8Array(17)], [null], [7]])('names the column that holds %j in place of an id', (stored) => {
  expect(() => readId({ uuid: stored }, 'uuid')).toThrow(expect.objectContaining({ code: 'record_corrupt', message: expect.stringContaining('uuid') }));
});
