// Calls as the official Python client makes them: parameters as YSON text in a header or in the body, rows in a zlib stream called gzip.
import { deflateSync, gunzipSync } from 'node:zlib';
import type { YtProxy } from '../../sandbox/yt-proxy/proxy.ts';
import { exchange, type RawReply } from './raw-http.ts';
import { json } from './scene.ts';

export const common = [
  'X-YT-Header-Format: <format=text>yson',
  'Accept-Encoding: gzip, identity',
  'X-YT-Correlation-Id: 2d46e515-24d5bcb9-ecdffa1c-6f6711bd',
  'Authorization: OAuth secret',
];

export async function get(proxy: YtProxy, command: string, parameters: string, headers: readonly string[] = []): Promise<RawReply> {
  return unzipped(await exchange(proxy.url, { line: `GET /api/v4/${command}`, headers: [...common, ...headers, `X-YT-Parameters: ${parameters}`] }));
}

export async function post(proxy: YtProxy, command: string, parameters: string): Promise<RawReply> {
  const headers = [...common, 'Content-Type: application/x-yt-yson-text'];
  return unzipped(await exchange(proxy.url, { line: `POST /api/v4/${command}`, headers, chunks: [Buffer.from(parameters, 'latin1')] }));
}

/** The body that the client calls gzip is a zlib stream. */
export async function put(proxy: YtProxy, command: string, parameters: string, rows: string): Promise<RawReply> {
  const headers = [...common, 'Content-Encoding: gzip', `X-YT-Parameters: ${parameters}`];
  const body = deflateSync(Buffer.from(rows));
  return unzipped(await exchange(proxy.url, { line: `PUT /api/v4/${command}`, headers, chunks: [body.subarray(0, 9), body.subarray(9)] }));
}

function unzipped(reply: RawReply): RawReply {
  return reply.headers['content-encoding'] === 'gzip' ? { ...reply, body: gunzipSync(reply.body) } : reply;
}

export async function start(proxy: YtProxy, parent = '0-0-0-0'): Promise<string> {
  const attributes = '"attributes"={"title"="Python wrapper: write_table //tmp/t";"pid"=1;}';
  const reply = await post(proxy, 'start_transaction', `{"transaction_id"="${parent}";"ping_ancestor_transactions"=%false;"timeout"=60000;${attributes};"sticky"=%false;"type"="master";"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`);
  return (json(reply) as { transaction_id: string }).transaction_id;
}

let mutations = 0;
export const mutationId = (): string => `7e3378d4-fef088db-c778f036-${(mutations += 1).toString(16)}`;

export async function createTable(proxy: YtProxy, attributes = '{}'): Promise<string> {
  const parameters = `{"type"="table";"recursive"=%true;"ignore_existing"=%true;"attributes"=${attributes};"ignore_type_mismatch"=%false;"path"="//tmp/t";"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`;
  return (json(await post(proxy, 'create', parameters)) as { node_id: string }).node_id;
}
