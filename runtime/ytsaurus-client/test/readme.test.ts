// The examples of the README, run one after the other as they stand there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { numbered, startCluster } from './cluster.ts';

type Example = (yt: unknown, rows: unknown, console: unknown) => Promise<void>;

const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Example;

test('does what its examples say', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/project/drivers', [{ name: 'Иван', city: 'Орёл', extra: 1 }, { name: 'Пётр', city: null, extra: 2 }]);
  proxy.tree.createTable('//home/project/sorted', [{ name: 'k', type: 'string', sort_order: 'ascending' }]);
  await proxy.tree.writeRows('//home/project/sorted', ['a', 'b', 'c'].map((k) => ({ k })));
  const printed: unknown[] = [];
  const log = { log: (...values: unknown[]) => printed.push(...values) };
  for (const code of examples()) await new AsyncFunction('yt', 'rows', 'console', code)(yt, numbered(3), log);
  expect(printed).toEqual([
    { name: 'Иван', city: 'Орёл' }, { name: 'Пётр', city: null },
    2, expect.any(String), 2,
    { k: 'a' }, { k: 'b' },
    5, false,
    ...['drivers', 'sorted', 'log', 'report', 'by-key'].flatMap((name) => [name, { type: 'table' }]), 'settings', { type: 'map_node' },
    { value: 2 }, 'absent',
  ]);
  expect(await proxy.tree.readRows('//home/project/report')).toEqual(numbered(3));
  expect(await proxy.tree.readRows('//home/project/by-key')).toEqual([{ key: 'b', value: 2 }]);
});

/** Without the import and the client of their own: these are given. */
function examples(): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  return blocks.map((code) => code.replaceAll(/^import .*$|^const yt = .*$/gm, ''));
}
