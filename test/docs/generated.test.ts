// The generated parts of the documentation equal their source.
import { expect, test } from 'vitest';
import { staleDocuments } from './generate.ts';

test('the generated documentation is up to date', async () => {
  expect(await staleDocuments()).toEqual([]);
});
