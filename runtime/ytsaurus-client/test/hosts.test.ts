// Where calls go: the hosts that move rows, redirects, and never with a token where it does not belong.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startYtProxy, type YtProxy } from '../../../test/sandbox/yt-proxy/proxy.ts';
import { HeavyProxies } from '../src/heavy-proxies.ts';
import { originOfHost, redirectTarget } from '../src/trusted-hosts.ts';
import { YtClient, type YtClientOptions } from '../src/client.ts';
import { collect, errorOf, numbered, quickRetry } from './cluster.ts';

async function startTwo(options: Partial<YtClientOptions> = {}): Promise<{ yt: YtClient; proxy: YtProxy; hostsOf: (command: string) => Set<string> }> {
  const proxy = await startYtProxy({ directory: null, heavyProxy: true });
  const yt = new YtClient({ proxy: proxy.url, retry: quickRetry, ...options });
  onTestFinished(async () => {
    await yt.close();
    await proxy.close();
  });
  return { yt, proxy, hostsOf: (command) => new Set(proxy.calls.filter((call) => call.command === command).map((call) => `http://${call.host}`)) };
}

const cluster = new URL('https://hahn.yt.example.net');

test('trusts the cluster itself and hosts below its domain', () => {
  expect(originOfHost('hahn.yt.example.net', cluster)).toBe('https://hahn.yt.example.net');
  expect(originOfHost('n1.hahn.yt.example.net', cluster)).toBe('https://n1.hahn.yt.example.net');
  expect(originOfHost('N1.HAHN.yt.example.net:8443', cluster)).toBe('https://n1.hahn.yt.example.net:8443');
});

test.each([
  'evil.example.net',
  'evilhahn.yt.example.net',
  'hahn.yt.example.net.evil.net',
  'hahn.yt.example.net@evil.net',
  'evil.net/hahn.yt.example.net',
  'evil.net#.hahn.yt.example.net',
  '127.0.0.1',
  '',
])('does not trust the host %j', (host) => {
  expect(originOfHost(host, cluster)).toBeNull();
});

test('trusts other ports of the own machine only when the proxy is there', () => {
  const local = new URL('http://localhost:8000');
  expect(originOfHost('127.0.0.1:9000', local)).toBe('http://127.0.0.1:9000');
  expect(originOfHost('[::1]:9000', local)).toBe('http://[::1]:9000');
  expect(originOfHost('localhost', local)).toBe('http://localhost:8000');
  expect(originOfHost('127.0.0.1.evil.net', local)).toBeNull();
});

test('does not follow a redirect to plain HTTP or to a stranger', () => {
  const from = 'https://hahn.yt.example.net/api/v4/read_table';
  expect(redirectTarget('https://n1.hahn.yt.example.net/api/v4/read_table', from, cluster)?.host).toBe('n1.hahn.yt.example.net');
  expect(redirectTarget('/api/v4/other', from, cluster)?.href).toBe('https://hahn.yt.example.net/api/v4/other');
  expect(redirectTarget('http://n1.hahn.yt.example.net/', from, cluster)).toBeNull();
  expect(redirectTarget('https://evil.net/', from, cluster)).toBeNull();
  expect(redirectTarget('//evil.net/', from, cluster)).toBeNull();
});

interface Hosts {
  readonly heavy: HeavyProxies;
  asked: number;
  nowMs: number;
  random: number;
}

function hostsOf(answer: () => readonly string[]): Hosts {
  const state: Hosts = {
    asked: 0,
    nowMs: 0,
    random: 0,
    heavy: new HeavyProxies({
      proxy: cluster,
      discover: async () => {
        state.asked += 1;
        return answer();
      },
      random: () => state.random,
      nowMs: () => state.nowMs,
    }),
  };
  return state;
}

const named = (...numbers: number[]) => numbers.map((number) => `n${number}.hahn.yt.example.net`);

test('chooses at random among the five best, and asks for them again after a while', async () => {
  const hosts = hostsOf(() => named(1, 2, 3, 4, 5, 6));
  expect(await hosts.heavy.pick()).toBe('https://n1.hahn.yt.example.net');
  hosts.random = 0.999;
  expect(await hosts.heavy.pick()).toBe('https://n5.hahn.yt.example.net');
  expect(hosts.asked).toBe(1);
  hosts.nowMs = 60_000;
  await hosts.heavy.pick();
  expect(hosts.asked).toBe(2);
});

test('leaves out a host that failed for two minutes', async () => {
  const hosts = hostsOf(() => named(1, 2));
  hosts.heavy.ban('https://n1.hahn.yt.example.net');
  expect(await hosts.heavy.pick()).toBe('https://n2.hahn.yt.example.net');
  hosts.heavy.ban('https://n2.hahn.yt.example.net');
  expect(await hosts.heavy.pick()).toBe(cluster.origin);
  hosts.nowMs = 120_000;
  expect(await hosts.heavy.pick()).toBe('https://n1.hahn.yt.example.net');
});

test('stays with the proxy when the cluster names no hosts, or only strangers, or does not answer', async () => {
  const failing = (): never => {
    throw new Error('no answer');
  };
  for (const answer of [() => [], () => ['evil.net'], failing]) expect(await hostsOf(answer).heavy.pick()).toBe(cluster.origin);
});

test('moves rows through the heavy proxy and asks the rest of the control proxy', async () => {
  const { yt, proxy, hostsOf: hosts } = await startTwo({ token: 'secret' });
  await yt.create('table', '//t');
  await yt.writeTable('//t', numbered(3));
  expect(await collect(yt.readTable('//t'))).toEqual(numbered(3));
  expect([hosts('write_table'), hosts('read_table'), hosts('create')]).toEqual([new Set([proxy.heavyUrl]), new Set([proxy.heavyUrl]), new Set([proxy.url])]);
  expect(new Set(proxy.calls.map((call) => call.authorization))).toEqual(new Set(['OAuth secret']));
});

test('follows the redirect of a control proxy with its token', async () => {
  const { yt, proxy, hostsOf: hosts } = await startTwo({ token: 'secret', heavyProxies: false });
  await proxy.tree.writeRows('//t', numbered(3));
  expect(await collect(yt.readTable('//t'))).toEqual(numbered(3));
  expect(hosts('read_table')).toEqual(new Set([proxy.heavyUrl]));
});

test('goes on with another host when the first one is gone', async () => {
  const { yt, proxy } = await startTwo({ random: () => 0 });
  await proxy.tree.writeRows('//t', numbered(3));
  proxy.announceHosts(['127.0.0.1:1', new URL(proxy.heavyUrl ?? '').host]);
  expect(await collect(yt.readTable('//t'))).toEqual(numbered(3));
  await yt.writeTable('//t', numbered(1));
  expect(await proxy.tree.readRows('//t')).toEqual(numbered(1));
});

async function startRedirecting(location: string): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    if (request.url === '/hosts') response.end('[]');
    else response.writeHead(307, { Location: location }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

test('gives up rather than take its token to a foreign domain', async () => {
  const { url, requests } = await startRedirecting('http://yt.example.com/api/v4/exists');
  const yt = new YtClient({ proxy: url, token: 'secret', retry: quickRetry });
  onTestFinished(() => yt.close());
  expect(await errorOf(yt.exists('/'))).toMatchObject({ class: 'fatal', message: expect.stringContaining('redirects') as string });
  expect(requests).toHaveLength(1);
});

test('does not go round in circles', async () => {
  const { url, requests } = await startRedirecting('/api/v4/exists');
  const yt = new YtClient({ proxy: url, retry: quickRetry });
  onTestFinished(() => yt.close());
  expect(await errorOf(yt.exists('/'))).toMatchObject({ class: 'fatal' });
  expect(requests).toHaveLength(4);
});

test('stops waiting for the list of hosts when its caller does', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const yt = new YtClient({ proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retry: quickRetry });
  onTestFinished(async () => {
    server.closeAllConnections();
    await yt.close();
    server.close();
  });
  const caller = new AbortController();
  const asking = errorOf(yt.selectRows('* from [//t]', caller.signal));
  await once(server, 'request');
  caller.abort(new Error('no longer interested'));
  expect(await asking).toMatchObject({ message: 'no longer interested' });
});
