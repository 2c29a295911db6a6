// Health and metrics: an outage shows as a degradation, draining as 503, and a probe that hangs does not make the answer hang.
import { expect, test } from 'vitest';
import { ServiceError } from '../../runtime/errors.ts';
import { startAdminApi } from './admin-fakes.ts';

test('is alive', async () => {
  const { url } = await startAdminApi();
  const response = await fetch(url('/live'));
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

test('is ready while everything answers', async () => {
  const { url, operations } = await startAdminApi({ probes: { store: async () => undefined, yt: async () => undefined } });
  operations.trigger.breakerChanged({ upstream: 'personal', state: 'closed' });
  const response = await fetch(url('/ready'));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ok', checks: { store: 'ok', yt: 'ok', 'breaker:personal': 'ok' } });
});

test('is degraded but still ready when its store is away, saying why in a code', async () => {
  const away = async (): Promise<never> => {
    throw new ServiceError('store_unavailable', 'connect to 10.1.2.3 failed');
  };
  const { url } = await startAdminApi({ probes: { store: away, yt: async () => undefined } });
  const response = await fetch(url('/ready'));
  expect([response.status, await response.json()]).toEqual([200, { status: 'degraded', checks: { store: 'store_unavailable', yt: 'ok' } }]);
});

test('is degraded when a breaker is open', async () => {
  const { url, operations } = await startAdminApi();
  operations.trigger.breakerChanged({ upstream: 'personal', state: 'open' });
  expect(await (await fetch(url('/ready'))).json()).toMatchObject({ status: 'degraded', checks: { 'breaker:personal': 'open' } });
});

test('waits a second at most for a probe, and tells it to stop', async () => {
  const told = Promise.withResolvers<boolean>();
  const hang = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener('abort', () => told.resolve(true));
    return Promise.withResolvers<never>().promise;
  };
  const { url } = await startAdminApi({ probes: { store: hang, yt: async () => undefined } });
  const startedMs = Date.now();
  expect(await (await fetch(url('/ready'))).json()).toEqual({ status: 'degraded', checks: { store: 'timeout', yt: 'ok' } });
  expect(Date.now() - startedMs).toBeLessThan(3_000);
  expect(await told.promise).toBe(true);
});

test('asks for no more requests while draining', async () => {
  const { url, operations } = await startAdminApi();
  operations.trigger.drainStarted();
  const response = await fetch(url('/ready'));
  expect([response.status, await response.json()]).toMatchObject([503, { status: 'draining' }]);
});

test('gives the metrics of the process as Prometheus text', async () => {
  const { url } = await startAdminApi();
  const response = await fetch(url('/metrics'));
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(await response.text()).toMatch(/^# HELP http_requests_total /m);
});
