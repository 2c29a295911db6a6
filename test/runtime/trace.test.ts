// The trace context carried through asynchronous work.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { currentTraceparent, parseTraceparent, runWithTrace } from '../../runtime/trace.ts';

const first = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const second = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

test('keeps the traces of interleaved work apart', async () => {
  const work = async () => {
    await setImmediate();
    return currentTraceparent();
  };
  expect(await Promise.all([runWithTrace(first, work), runWithTrace(second, work), runWithTrace(null, work), work()])).toEqual([first, second, null, null]);
});

test.each([
  { value: first, valid: true },
  { value: `${first}\r\nx-injected: 1`, valid: false },
  { value: first.replace('00-', 'ff-'), valid: false },
  { value: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, valid: false },
  { value: `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`, valid: false },
  { value: undefined, valid: false },
])('accepts only well-formed headers: $value', ({ value, valid }) => {
  expect(parseTraceparent(value)).toBe(valid ? value : null);
});
