// The exchange rules on real sockets: one reply per request, whatever the handler or the client does, and a server that lives on.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/routes.ts';
import { ServiceError } from '../../runtime/errors.ts';
import { listen, problemOf, type Listening } from './listener.ts';
import { exchangeRaw, openSocket } from './socket.ts';

type Handle = (signal: AbortSignal) => Promise<Reply>;

function get(path: string, handle: Handle): Route<null> {
  return defineRoute({
    method: 'GET', path, access: 'monitor', summary: path, replies: {}, handle: async (_ctx: null, _input, signal) => handle(signal),
  });
}

const ok = get('/ok', async () => jsonReply(200, { ok: true }));

const echo: Route<null> = defineRoute({
  method: 'POST',
  path: '/echo',
  access: 'monitor',
  summary: 'echo',
  body: z.looseObject({}),
  replies: {},
  handle: async (_ctx: null, { body }) => jsonReply(200, body),
});

async function stillAnswers({ url }: Listening): Promise<void> {
  const response = await fetch(url('/ok'));
  expect(await response.json()).toEqual({ ok: true });
}

test('answers 500 without the message when a handler throws, and goes on serving', async () => {
  const fail = get('/fail', async () => {
    throw new Error('+79990001122 is secret');
  });
  const listening = await listen({ ctx: null, routes: [fail, ok] });
  const response = await fetch(listening.url('/fail'));
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ code: 'internal', status: 500, title: 'Internal Server Error' });
  expect(text).not.toContain('79990001122');
  expect(JSON.stringify(listening.logged)).not.toContain('79990001122');
  await stillAnswers(listening);
});

test('answers 500 when a handler throws before its first await or throws no error at all', async () => {
  const sync = get('/sync', () => {
    throw new TypeError('at once');
  });
  // oxlint-disable-next-line prefer-promise-reject-errors -- that is the case under test
  const nothing = get('/nothing', () => Promise.reject(undefined));
  const listening = await listen({ ctx: null, routes: [sync, nothing, ok] });
  expect((await fetch(listening.url('/sync'))).status).toBe(500);
  expect((await fetch(listening.url('/nothing'))).status).toBe(500);
  await stillAnswers(listening);
});

test('shows the code of a failure and when to come back, not its message', async () => {
  const fail = get('/fail', async () => {
    throw new ServiceError('store_unavailable', 'the store at 10.1.2.3 is away');
  });
  const { url, logged } = await listen({ ctx: null, routes: [fail] });
  const response = await fetch(url('/fail'));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  const problem = await problemOf(response);
  expect(problem.code).toBe('store_unavailable');
  expect(JSON.stringify(problem)).not.toContain('10.1.2.3');
  expect(logged).toContainEqual(expect.objectContaining({ level: 'error', code: 'store_unavailable', route: '/fail', status: '503' }));
});

test('explains a failure that the client can mend', async () => {
  const fail = get('/fail', async () => {
    throw new ServiceError('bad_cursor', 'cursor: not a position in this list');
  });
  const { url } = await listen({ ctx: null, routes: [fail] });
  const response = await fetch(url('/fail'));
  expect(response.status).toBe(400);
  expect(await problemOf(response)).toMatchObject({ code: 'bad_cursor', detail: 'cursor: not a position in this list' });
});

test('answers 503 at the deadline, tells the handler, and drops what it says later', async () => {
  const late = Promise.withResolvers<AbortSignal>();
  const finish = Promise.withResolvers<Reply>();
  const hang = get('/hang', (signal) => {
    signal.addEventListener('abort', () => late.resolve(signal));
    return finish.promise;
  });
  const listening = await listen({ ctx: null, routes: [hang, ok], limits: { deadlineMs: 50 } });
  const conversation = await openSocket(listening.port);
  conversation.socket.write('GET /hang HTTP/1.1\r\nHost: x\r\n\r\n');
  await conversation.until(/deadline_passed.*\}$/s);
  expect((await late.promise).aborted).toBe(true);
  finish.resolve(jsonReply(200, { late: true }));
  conversation.socket.write('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
  const text = await conversation.until(/\{"ok":true\}$/);
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(2);
  expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  expect(text).not.toContain('late');
  conversation.socket.destroy();
});

test('a handler that fails after the deadline harms nobody', async () => {
  const hang = get('/hang', async (signal) => {
    await once(signal, 'abort');
    signal.throwIfAborted();
    return jsonReply(200, {});
  });
  const listening = await listen({ ctx: null, routes: [hang, ok], limits: { deadlineMs: 20 } });
  expect((await fetch(listening.url('/hang'))).status).toBe(503);
  await stillAnswers(listening);
  expect(listening.logged.filter((line) => line['level'] === 'error')).toHaveLength(1);
});

test('tells the handler when the client has left, and writes nothing to the dead connection', async () => {
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const slow = get('/slow', async (signal) => {
    entered.resolve();
    await once(signal, 'abort');
    left.resolve();
    return jsonReply(200, { tooLate: true });
  });
  const listening = await listen({ ctx: null, routes: [slow, ok] });
  const { socket } = await openSocket(listening.port);
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await entered.promise;
  socket.destroy();
  await left.promise;
  await stillAnswers(listening);
  const counted = await listening.metrics.httpRequests.get();
  expect(counted.values).toContainEqual({ labels: { route: '/slow', method: 'GET', status: 'aborted' }, value: 1 });
});

test('survives a client that leaves in the middle of its body', async () => {
  const listening = await listen({ ctx: null, routes: [echo, ok] });
  const { socket, closed } = await openSocket(listening.port);
  socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":');
  socket.end();
  await closed();
  await stillAnswers(listening);
});

test('puts a body together from whatever pieces it arrives in', async () => {
  const { port } = await listen({ ctx: null, routes: [echo] });
  const { socket, until } = await openSocket(port);
  socket.setNoDelay(true);
  socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const byte of Buffer.from('{"имя":"Иван"}')) {
    socket.write(Buffer.concat([Buffer.from('1\r\n'), Uint8Array.of(byte), Buffer.from('\r\n')]));
  }
  socket.write('0\r\n\r\n');
  expect(await until(/\}$/)).toContain('{"имя":"Иван"}');
  socket.destroy();
});

test.each([
  ['announced', (size: number) => `Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`],
  ['chunked', (size: number) => `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`],
])('refuses an %s body over 64 KiB with 413 and ends the connection', async (_kind, frame) => {
  const listening = await listen({ ctx: null, routes: [echo, ok] });
  const head = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const text = await exchangeRaw(listening.port, head + frame(65_537));
  expect(text).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\n/);
  expect(text).toContain('"code":"body_too_large"');
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  await stillAnswers(listening);
});

test('takes a body of exactly 64 KiB', async () => {
  const { url } = await listen({ ctx: null, routes: [echo] });
  const body = JSON.stringify({ text: 'x'.repeat(65_536 - 11) });
  expect(Buffer.byteLength(body)).toBe(65_536);
  const response = await fetch(url('/echo'), { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  expect(await response.text()).toBe(body);
});

test('answers 408 to a body that does not arrive in time', async () => {
  const { port } = await listen({ ctx: null, routes: [echo], limits: { deadlineMs: 50 } });
  const text = await exchangeRaw(port, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{');
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(text).toContain('"code":"body_timeout"');
});

test('takes long headers, and refuses longer ones with a problem', async () => {
  const { url } = await listen({ ctx: null, routes: [ok] });
  expect((await fetch(url('/ok'), { headers: { 'x-long': 'a'.repeat(12_000) } })).status).toBe(200);
  const refused = await fetch(url('/ok'), { headers: { 'x-long': 'a'.repeat(17_000) } });
  expect([refused.status, refused.headers.get('content-type')]).toEqual([431, 'application/problem+json']);
});

test('answers 431 to headers over the limit', async () => {
  const { url } = await listen({ ctx: null, routes: [ok], limits: { headerBytes: 500 } });
  const response = await fetch(url('/ok'), { headers: { 'x-long': 'x'.repeat(600) } });
  expect(response.status).toBe(431);
  expect((await problemOf(response)).code).toBe('headers_too_large');
});

test('answers HEAD with the headers of GET, the length included, and keeps the connection', async () => {
  const { port } = await listen({ ctx: null, routes: [ok] });
  const { socket, until } = await openSocket(port);
  socket.write('HEAD /ok HTTP/1.1\r\nHost: x\r\n\r\n');
  const head = await until(/\r\n\r\n$/);
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(head).toMatch(/\r\nContent-Length: 11\r\n/i);
  expect(head).not.toContain('{');
  socket.write('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(/\{"ok":true\}$/);
  socket.destroy();
});

test('lives through bytes that are not HTTP', async () => {
  const listening = await listen({ ctx: null, routes: [ok] });
  await exchangeRaw(listening.port, '\u0000\u0001\u0002 garbage\r\n\r\n');
  await exchangeRaw(listening.port, 'POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n');
  await stillAnswers(listening);
});

test('clients that leave at every possible moment leave nothing behind', async () => {
  const slow = get('/slow', async (signal) => {
    await once(signal, 'abort');
    return jsonReply(200, {});
  });
  const { server, port, metrics, logged } = await listen({ ctx: null, routes: [slow, echo, ok] });
  const body = '{"a":"bc"}';
  const post = `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const requests = [post, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /ok HTTP/1.1\r\nHost: x\r\n\r\n'];
  const leave = async (bytes: string): Promise<void> => {
    const { socket, closed } = await openSocket(port);
    socket.write(bytes, () => socket.destroy());
    await closed();
  };
  for (const request of requests) {
    await Promise.all(Array.from(request, (_, index) => leave(request.slice(0, index + 1))));
  }
  // Without a limit this waits for every request that is still thought to be under way.
  await server.stop(2 ** 31 - 1);
  const { values } = await metrics.httpRequests.get();
  expect(values).toContainEqual({ labels: { route: '/slow', method: 'GET', status: 'aborted' }, value: 1 });
  expect(logged.filter((line) => line['level'] === 'error')).toEqual([]);
});

test('stopping finishes the request under way, refuses new connections and then closes', async () => {
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<Reply>();
  const slow = get('/slow', () => {
    entered.resolve();
    return finish.promise;
  });
  const { server, port, url } = await listen({ ctx: null, routes: [slow] });
  const response = fetch(url('/slow'));
  await entered.promise;
  const stopped = server.stop(10_000);
  await expect(openSocket(port)).rejects.toThrow(/ECONNREFUSED/);
  finish.resolve(jsonReply(200, { done: true }));
  expect(await (await response).json()).toEqual({ done: true });
  await stopped;
});

test('stopping gives up on a request after the grace and tells its handler', async () => {
  const entered = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const stuck = get('/stuck', async (signal) => {
    entered.resolve();
    await once(signal, 'abort');
    aborted.resolve();
    return jsonReply(200, {});
  });
  const { server, port } = await listen({ ctx: null, routes: [stuck] });
  const conversation = await openSocket(port);
  conversation.socket.write('GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n');
  await entered.promise;
  await server.stop(20);
  await aborted.promise;
  expect(await conversation.closed()).toBe('');
});

test('does not share a port that another server has', async () => {
  const { port } = await listen({ ctx: null, routes: [ok] });
  await expect(listen({ ctx: null, routes: [ok], port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
});

test('joins the trace of the caller and begins one where there is none', async () => {
  const { url } = await listen({ ctx: null, routes: [ok] });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const joined = await fetch(url('/ok'), { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  expect(joined.headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  const broken = await fetch(url('/nowhere'), { headers: { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` } });
  const own = /^00-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(broken.headers.get('traceparent') ?? '')?.[1];
  expect((await problemOf(broken)).trace_id).toBe(own);
});
