// The provider's keys over time: rotation, removal, outage, and strangers who would have it asked all the time.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createDriverGuard } from '../../http/driver-access.ts';
import { audience, createIssuer, issuer, nowMs, type Issuer } from './tokens.ts';

interface Provider {
  readonly url: string;
  served: number;
  answer: { status: number; body: string };
}

async function startProvider(body: unknown): Promise<Provider> {
  const provider = { url: '', served: 0, answer: { status: 200, body: JSON.stringify(body) } };
  const server = createServer((_request, response) => {
    provider.served += 1;
    response.writeHead(provider.answer.status, { 'content-type': 'application/json' }).end(provider.answer.body);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  return provider;
}

interface Door {
  readonly tries: (token: string) => Promise<string>;
  readonly pass: (ms: number) => void;
  /** Of the wall clock alone. */
  readonly setBack: (ms: number) => void;
  readonly warned: unknown[];
}

/** `let in`, or the code of the refusal. */
function doorOf(jwks: string): Door {
  let now = nowMs;
  let elapsed = 0;
  const warned: unknown[] = [];
  const log = { warn: (fields: unknown) => void warned.push(fields) } as never;
  const guard = createDriverGuard({ jwks, issuer, audience, nowMs: () => now, elapsedMs: () => elapsed, log });
  const tries = (token: string): Promise<string> => {
    const headers = new Map([['authorization', `Bearer ${token}`]]);
    const head = { method: 'GET', path: '/', query: '', headers, fromLoopback: true, address: new Uint8Array(4) };
    return guard(head).then(() => 'let in', (error: { code: string }) => error.code);
  };
  const pass = (ms: number): void => {
    now += ms;
    elapsed += ms;
  };
  return { tries, warned, pass, setBack: (ms) => { now -= ms; } };
}

const minute = 60_000;
const long = { claims: { exp: nowMs / 1000 + 7 * 86_400 } };
const only = ({ jwks }: Issuer, ...kids: string[]): unknown => ({ keys: jwks.keys.filter(({ kid }) => kids.includes(kid ?? '')) });

test('lets nobody be logged out by an outage of the provider', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(identity.jwks);
  const door = doorOf(provider.url);
  expect(await door.tries(await identity.sign(long))).toBe('let in');
  for (const answer of [{ status: 500, body: '' }, { status: 200, body: '<html>' }, { status: 200, body: '{"keys":7}' }]) {
    provider.answer = answer;
    door.pass(11 * minute);
    expect(await door.tries(await identity.sign({ ...long, alg: 'ES256' }))).toBe('let in');
    await expect.poll(() => door.warned.length).toBeGreaterThan(0);
    door.warned.length = 0;
  }
  expect(provider.served).toBe(4);
});

test('trusts the keys of a provider that is away for a day, and no longer', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(identity.jwks);
  const door = doorOf(provider.url);
  await door.tries(await identity.sign(long));
  provider.answer = { status: 503, body: '' };
  door.pass(24 * 60 * minute + 1);
  expect(await door.tries(await identity.sign({ ...long, alg: 'ES256' }))).toBe('upstream_unavailable');
});

test('takes a new key at once when its first token comes', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(only(identity, 'EdDSA'));
  const door = doorOf(provider.url);
  expect(await door.tries(await identity.sign(long))).toBe('let in');
  provider.answer.body = JSON.stringify(only(identity, 'EdDSA', 'ES256'));
  door.pass(minute);
  expect(await door.tries(await identity.sign({ ...long, alg: 'ES256' }))).toBe('let in');
  expect(provider.served).toBe(2);
});

test('refuses the tokens of a key that was taken out, those it knew too', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(identity.jwks);
  const door = doorOf(provider.url);
  const token = await identity.sign(long);
  expect(await door.tries(token)).toBe('let in');
  provider.answer.body = JSON.stringify(only(identity, 'ES256'));
  door.pass(11 * minute);
  await expect.poll(() => door.tries(token)).toBe('unauthorized');
});

test('a storm of unknown keys asks the provider once in half a minute', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(identity.jwks);
  const door = doorOf(provider.url);
  await door.tries(await identity.sign(long));
  const storm = async (): Promise<void> => {
    const tokens = await Promise.all(Array.from({ length: 40 }, (_, index) => identity.sign({ ...long, kid: `unknown-${index}` })));
    expect(new Set(await Promise.all(tokens.map(door.tries)))).toEqual(new Set(['unauthorized']));
  };
  await storm();
  expect(provider.served).toBe(1);
  door.pass(minute);
  await storm();
  expect(provider.served).toBe(2);
});

test('cannot tell a new key from a forged one while the provider is away: an outage, asked once in half a minute', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(only(identity, 'EdDSA'));
  const door = doorOf(provider.url);
  await door.tries(await identity.sign(long));
  provider.answer.status = 503;
  door.pass(minute);
  for (let turn = 0; turn < 5; turn += 1) expect(await door.tries(await identity.sign({ ...long, alg: 'ES256' }))).toBe('upstream_unavailable');
  expect(provider.served).toBe(2);
  expect(await door.tries(await identity.sign(long))).toBe('let in');
});

test('keys grow old though the wall clock is set back', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(only(identity, 'EdDSA'));
  const door = doorOf(provider.url);
  const tokens = await Promise.all(['EdDSA', 'ES256'].map((alg) => identity.sign({ ...long, alg })));
  expect(await door.tries(tokens[0]!)).toBe('let in');
  provider.answer.body = JSON.stringify(identity.jwks);
  door.setBack(6 * 60 * minute);
  door.pass(minute);
  expect(await door.tries(tokens[1]!)).toBe('let in');
});

test('without any keys it asks again after a second', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(identity.jwks);
  provider.answer.status = 503;
  const door = doorOf(provider.url);
  const token = await identity.sign(long);
  for (let turn = 0; turn < 3; turn += 1) expect(await door.tries(token)).toBe('upstream_unavailable');
  expect(provider.served).toBe(1);
  provider.answer.status = 200;
  door.pass(1_000);
  expect(await door.tries(token)).toBe('let in');
});

test('follows neither a redirect nor an endless answer', async () => {
  const identity = await createIssuer();
  const provider = await startProvider(identity.jwks);
  provider.answer.body = JSON.stringify({ ...identity.jwks, padding: 'x'.repeat(1_100_000) });
  expect(await doorOf(provider.url).tries(await identity.sign(long))).toBe('upstream_unavailable');
  provider.answer = { status: 302, body: '' };
  expect(await doorOf(provider.url).tries(await identity.sign(long))).toBe('upstream_unavailable');
});

test('a key file is read again, and a broken one changes nothing', async () => {
  const identity = await createIssuer();
  const door = doorOf(identity.file);
  writeFileSync(identity.file, 'half a fi');
  door.pass(11 * minute);
  expect(await door.tries(await identity.sign(long))).toBe('let in');
  writeFileSync(identity.file, JSON.stringify(only(identity, 'ES256')));
  door.pass(11 * minute);
  const token = await identity.sign(long);
  await expect.poll(() => door.tries(token)).toBe('unauthorized');
});
