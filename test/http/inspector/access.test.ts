// Who may listen to the inspector: with a token, without one, and within which limits.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openScene, person, profileOf, type Scene } from '../../suites/scene.ts';
import { openSocket } from '../socket.ts';
import { connect, listenAdmin, ofType } from './listening.ts';

const token = 'correct-horse-battery';
const nina = person('nina');
let scene: Scene;
beforeEach(async () => {
  scene = await openScene({ people: [nina] });
});
afterEach(() => scene.close());

async function handshake(port: number, headers: readonly string[]): Promise<number> {
  const { socket, until } = await openSocket(port);
  const upgrade = ['GET /inspector/ws HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  socket.write(`${[...upgrade, ...headers].join('\r\n')}\r\n\r\n`);
  const text = await until(/\r\n\r\n/);
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

test('nothing reaches who has not shown the token, whatever he asks for in the address', async () => {
  const { url } = await listenAdmin(scene.ctx, token);
  const stranger = await connect(url('?topic=machine/matching&topic=machine/application'));
  const operator = await connect(url('?topic=machine/matching'));
  operator.say({ type: '@mentorship.prove', token });
  await operator.frame(ofType('@mentorship.watching'));
  await scene.enrol(profileOf(nina));
  await operator.frame(ofType('@mentorship.moves'));
  await operator.frame(ofType('@xstate.snapshot'));
  expect(stranger.frames).toEqual([]);
});

test.each([
  ['a wrong token', { type: '@mentorship.prove', token: `${token}x` }],
  ['a request before the token', { type: '@mentorship.watch', topics: ['machine/matching'] }],
  ['noise', 'hello'],
])('%s ends the talk without a word', async (_case, message) => {
  const { url } = await listenAdmin(scene.ctx, token);
  const client = await connect(url());
  client.say(message);
  expect(await client.closed).toBe(4401);
  expect(client.frames).toEqual([]);
});

test('the token may come in the header of the handshake, and a wrong one is refused there', async () => {
  const { url, port } = await listenAdmin(scene.ctx, token);
  const client = await connect(url('?topic=machine/import'), { authorization: `Bearer ${token}` });
  await client.frame(ofType('@mentorship.watching'));
  expect(await handshake(port, ['Host: a', 'Authorization: Bearer wrong'])).toBe(401);
});

test.each([
  ['our own page', ['Host: localhost:8081', 'Origin: http://localhost:8081'], 101],
  ['a page of another origin', ['Host: localhost:8081', 'Origin: https://evil.example'], 403],
  ['a rebound name', ['Host: evil.example:8081'], 403],
])('without a token %s is answered as by the admin API', async (_case, headers, status) => {
  const { port } = await listenAdmin(scene.ctx);
  expect(await handshake(port, headers)).toBe(status);
});

test.each([
  ['an unknown topic', { type: '@mentorship.watch', topics: ['machine/toaster'] }, /topics/],
  ['too many topics', { type: '@mentorship.watch', topics: Array.from({ length: 17 }, () => 'machine/import') }, /16/],
  ['no JSON', '{', /.?/],
])('%s is refused by name', async (_case, message, reason) => {
  const { url } = await listenAdmin(scene.ctx);
  const client = await connect(url());
  client.say(message);
  expect(await client.closed).toBe(4400);
  expect(client.frames.at(-1)).toMatchObject({ type: '@mentorship.refused', reason: expect.stringMatching(reason) });
});

test('a message too long, or too many of them, end the connection', async () => {
  const { url } = await listenAdmin(scene.ctx);
  const long = await connect(url());
  long.say('x'.repeat(5_000));
  expect(await long.closed).toBeGreaterThan(1000);
  const many = await connect(url());
  for (let count = 0; count < 60; count += 1) many.say({ type: '@mentorship.watch', topics: [] });
  expect(await many.closed).toBe(4429);
});

test('a watcher too many is told to come later', async () => {
  const { url, port } = await listenAdmin(scene.ctx);
  const clients = await Promise.all(Array.from({ length: 64 }, () => connect(url())));
  expect(await handshake(port, ['Host: localhost'])).toBe(503);
  clients[0]?.close();
  await clients[0]?.closed;
  await expect.poll(() => handshake(port, ['Host: localhost'])).toBe(101);
});
