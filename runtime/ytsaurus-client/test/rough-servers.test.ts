// What real clusters do where a polite one would not: banned hosts that ask for a minute, streams that are left unfinished.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, createGzip } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { YtClient, type YtError } from '../src/client.ts';
import { collect, errorOf } from './cluster.ts';

type Answer = (command: string, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Answers the light commands of a snapshot of a table as a cluster does; its address. */
async function startHost({ dynamic = false, rows = 3 }: { dynamic?: boolean; rows?: number }, answer: Answer): Promise<string> {
  const replies: Readonly<Record<string, unknown>> = {
    start_transaction: { transaction_id: '1-2-3-4' }, ping_transaction: {}, abort_transaction: {},
    lock: { lock_id: '5-6-7-8', node_id: '9-a-b-c', revision: 1 },
    get: { value: { type: 'table', row_count: rows, content_revision: 1, dynamic } },
  };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const command = (request.url ?? '').split('?')[0]?.split('/').at(-1) ?? '';
      if (Object.hasOwn(replies, command)) response.end(JSON.stringify(replies[command]));
      else void answer(command, request, response);
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(proxy: string): YtClient {
  const yt = new YtClient({ proxy, random: () => 0, retry: { budgetMs: 500, baseMs: 5, capMs: 20 } });
  onTestFinished(() => yt.close());
  return yt;
}

function parametersOf({ headers }: IncomingMessage): { readonly output_format?: unknown } {
  return JSON.parse(Buffer.from(String(headers['x-yt-parameters-0']), 'base64').toString()) as { output_format?: unknown };
}

test('a host that is banned and asks for a minute is left for another at once', async () => {
  let refusals = 0;
  const banned = await startHost({}, (_command, _request, response) => {
    refusals += 1;
    response.writeHead(503, { 'Retry-After': '60' }).end(JSON.stringify({ code: 2100, message: 'This proxy is banned', attributes: {}, inner_errors: [] }));
  });
  const well = await startHost({}, (_command, _request, response) => {
    response.setHeader('X-YT-Response-Parameters', '{"start_row_index":0}');
    response.end('{"n":0}\n{"n":1}\n{"n":2}\n');
  });
  const hosts = [banned, well].map((url) => url.replace('http://', ''));
  const proxy = await startHost({}, (_command, _request, response) => void response.end(JSON.stringify(hosts)));
  expect(await collect(clientOf(proxy).readTable('//t'))).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  expect(refusals).toBe(1);
});

test('the reason in the trailers is told where the packed stream was left unfinished', async () => {
  const url = await startHost({ dynamic: true }, async (command, _request, response) => {
    if (command === 'hosts') return void response.end('[]');
    response.writeHead(200, { 'Content-Encoding': 'gzip', Trailer: 'X-YT-Error', 'X-YT-Response-Parameters': '{"start_row_index":0}' });
    const gzip = createGzip();
    gzip.on('data', (piece) => response.write(piece));
    gzip.write('{"n":0}\n');
    await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    response.addTrailers({ 'X-YT-Error': JSON.stringify({ code: 901, message: 'Access denied', attributes: {}, inner_errors: [] }) });
    response.end();
    return undefined;
  });
  const error = (await errorOf(collect(clientOf(url).readTable('//t')))) as YtError;
  expect(error).toMatchObject({ codes: [901], class: 'fatal' });
});

test('asks for rows so that no value ends the stream, and puts texts together again', async () => {
  const asked: unknown[] = [];
  const url = await startHost({ rows: 2 }, (command, request, response) => {
    if (command === 'hosts') return void response.end('[]');
    asked.push(parametersOf(request).output_format);
    response.setHeader('X-YT-Response-Parameters', '{"start_row_index":0}');
    const bytesOf = (bytes: Buffer): string => JSON.stringify({ text: bytes.toString('latin1'), rate: 'nan' });
    response.end(`${bytesOf(Buffer.from('Иванов «ё» 👋 "\\n'))}\n${bytesOf(Buffer.from([0x61, 0xff, 0xfe, 0x62]))}\n`);
    return undefined;
  });
  expect(await collect(clientOf(url).readTable('//t'))).toEqual([{ text: 'Иванов «ё» 👋 "\\n', rate: 'nan' }, { text: 'a\ufffd\ufffdb', rate: 'nan' }]);
  expect(asked).toEqual([{ $value: 'json', $attributes: { encode_utf8: true, stringify_nan_and_infinity: true } }]);
});
