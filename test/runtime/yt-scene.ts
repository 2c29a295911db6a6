// The YTsaurus adapter against a local proxy on a real socket, for the length of a test.
import { onTestFinished } from 'vitest';
import { readConfig, type YtConfig } from '../../runtime/config/config.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { Yt } from '../../runtime/yt.ts';
import { createYt } from '../../runtime/yt/cluster.ts';
import { startYtProxy, type YtProxy } from '../sandbox/yt-proxy/proxy.ts';

export interface YtScene {
  readonly yt: Yt;
  readonly proxy: YtProxy;
  readonly config: YtConfig;
  /** Another process: connections and knowledge of its own. */
  readonly second: () => Yt;
}

export async function openYt(): Promise<YtScene> {
  const proxy = await startYtProxy({ directory: null });
  const upstreams = ['DRIVER_PROFILES_URL', 'PERSONAL_URL', 'TRACKSTORY_URL', 'FLEET_RENT_URL', 'CLIENT_EVENTS_URL'];
  const environment = Object.fromEntries(upstreams.map((name) => [name, 'http://localhost']));
  const config = readConfig({ ...environment, YT_PROXY: proxy.url, AUTH_JWKS: 'jwks.json', AUTH_ISSUER: 'test' }).yt;
  const opened: Yt[] = [];
  const open = (): Yt => {
    const yt = createYt(config, { log: createLog('silent', { write: () => {} }), metrics: createMetrics(), random: Math.random });
    opened.push(yt);
    return yt;
  };
  onTestFinished(async () => {
    await Promise.all(opened.map((yt) => yt.close()));
    await proxy.close();
  });
  return { yt: open(), proxy, config, second: open };
}
