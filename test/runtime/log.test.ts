// The second net: a field that holds personal data is struck out wherever a call site puts it.
import { expect, test } from 'vitest';
import { createLog } from '../../runtime/log.ts';

function lineOf(fields: Record<string, unknown>): string {
  let line = '';
  createLog('info', { write: (text) => void (line += text) }).info(fields, 'said');
  return line;
}

test.each([
  [{ phone: '+79990001122' }, '+79990001122'],
  [{ contact: { name: 'Иванов' } }, 'Иванов'],
  [{ request: { headers: { authorization: 'Bearer x.y.z' } } }, 'x.y.z'],
  [{ position: { lat: 55.75, lon: 37.61 } }, '55.75'],
  [{ login: { ip: '192.0.2.7' } }, '192.0.2.7'],
])('strikes out %o', (fields, secret) => {
  const line = lineOf(fields);
  expect(line).toContain('[redacted]');
  expect(line).not.toContain(secret);
});

test('keeps ids and codes', () => {
  expect(JSON.parse(lineOf({ matching: 'm1', code: 'store_conflict' }))).toMatchObject({ level: 'info', matching: 'm1', code: 'store_conflict', msg: 'said' });
});
