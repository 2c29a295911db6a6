// Where log lines go may be full, slow or gone: whoever logs notices nothing of it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createLog, logFile } from '../../runtime/log.ts';
import { LineStream } from '../../runtime/log-lines.ts';
import { startNetwork } from '../sandbox/network.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a file is made with its directory, and each line is there when it was logged', () => {
  const path = join(directory, 'of', 'logs', 'service.log');
  createLog('info', logFile(path)).info('said');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ msg: 'said' });
});

test('a file that cannot be opened is named by its variable', () => {
  expect(() => logFile(join(directory, '.'))).toThrow(expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('LOG_FILE') }));
});

test('a full disk throws nothing at whoever logs', () => {
  const log = createLog('info', logFile('/dev/full'));
  for (let line = 0; line < 3; line += 1) log.info('said');
});

interface Pipe {
  readonly fd: number;
  /** All that can be read from it now. */
  read(): string;
}

function openPipe(): Pipe {
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  const bytes = Buffer.alloc(1 << 20);
  const readSome = (): string => {
    try {
      return bytes.toString('utf8', 0, readSync(fd, bytes));
    } catch {
      return '';
    }
  };
  return { fd, read: () => readSome() };
}

/** Everything, read until the line that ends it. */
async function readUntil(pipe: Pipe, end: string): Promise<string[]> {
  let text = '';
  while (!text.endsWith(`${end}\n`)) {
    text += pipe.read();
    await sleep(1);
  }
  return text.split('\n').slice(0, -1);
}

test('a reader that begins late finds every line, in order', async () => {
  const pipe = openPipe();
  const stream = new LineStream(pipe.fd);
  const lines = Array.from({ length: 5_000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
  for (const line of lines) stream.write(`${line}\n`);
  await sleep(50);
  stream.write('last\n');
  expect(await readUntil(pipe, 'last')).toEqual([...lines, 'last']);
});

test('what a reader leaves waiting is bounded, and he is told how many lines he has missed', async () => {
  const pipe = openPipe();
  const stream = new LineStream(pipe.fd);
  const line = `${'x'.repeat(1_023)}\n`;
  for (let index = 0; index < 12_000; index += 1) stream.write(line);
  const reading = readUntil(pipe, 'last');
  await expect.poll(() => {
    stream.write('last\n');
    return Promise.race([reading.then(() => true), sleep(50)]);
  }, { timeout: 20_000 }).toBe(true);
  const found = await reading;
  const told = found.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { lines: number; msg: string }) : null)).filter((one) => one !== null);
  expect(told[0]?.msg).toBe('log lines were lost');
  const kept = found.filter((text) => text.startsWith('x')).length;
  expect(kept).toBeLessThan(5_000);
  expect(kept + told.reduce((sum, { lines }) => sum + lines, 0)).toBeGreaterThanOrEqual(12_000);
});

test('lines that no disk took are counted, and the next ones are tried again', async () => {
  const fd = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(fd));
  const stream = new LineStream(fd);
  for (let line = 0; line < 3; line += 1) {
    stream.write('said\n');
    await sleep(10);
  }
  stream.flush();
});

test('the service goes on without its log, and ends when it is told to', async () => {
  const network = await startNetwork({ directory, drivers: 1, speed: 0.01, report: () => {} });
  onTestFinished(() => network.close());
  const full = openSync('/dev/full', 'w');
  const port = await freePort();
  const environment = { ...network.environment, PATH: process.env['PATH'], HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: String(port), LOG_LEVEL: 'trace' };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame', 'runtime/launch.mjs', 'main'], {
    cwd: join(import.meta.dirname, '../..'), env: environment, stdio: ['ignore', full, 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  closeSync(full);
  const live = (): Promise<number> => fetch(`http://127.0.0.1:${port}/live`).then(({ status }) => status, () => 0);
  await expect.poll(live, { timeout: 20_000 }).toBe(200);
  await sleep(1_000);
  expect(await live()).toBe(200);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}, 60_000);

/** Below those that the system gives out: no connection of another test takes it meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
