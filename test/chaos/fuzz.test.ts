// A short run of `npm run chaos -- --fuzz`.
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { kindNames, malformedRequests } from './malformed.ts';

test('malformed, idle, slow and broken-off connections neither crash the process nor hang it nor make it grow', async () => {
  const report = await fuzz({ requests: 600, idleSockets: 500, slowSockets: 20, seed: 7 });
  expect(report.violations).toEqual([]);
  expect(report.endings).toMatchObject({ 200: expect.any(Number), 400: expect.any(Number), 401: expect.any(Number), 404: expect.any(Number), 431: expect.any(Number) });
  expect(report.well_behaved.served).toBeGreaterThan(10);
}, 120_000);

test('a seed gives the same requests again, of every kind', () => {
  const [one, again] = [1, 2].map(() => malformedRequests(500, 3, 'token'));
  expect(one).toEqual(again);
  expect([...new Set(one?.map(({ kind }) => kind))].sort()).toEqual([...kindNames].sort());
});
