// A proxy for one test, and calls to it as a client of another language makes them.
import { onTestFinished } from 'vitest';
import { startYtProxy, type YtProxy, type YtProxyOptions } from '../../sandbox/yt-proxy/proxy.ts';
import { exchange, type RawReply } from './raw-http.ts';

export async function startProxy(options: Partial<YtProxyOptions> = {}): Promise<YtProxy> {
  const proxy = await startYtProxy({ directory: null, ...options });
  onTestFinished(() => proxy.close());
  return proxy;
}

export interface Called {
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

const utf8 = { $value: 'json', $attributes: { encode_utf8: false } };

export const ysonFormat = (format: 'text' | 'binary') => ({ $value: 'yson', $attributes: { format } });

/** Base64 JSON parameters, UTF-8 JSON in both directions unless the parameters say otherwise. */
export async function call(proxy: YtProxy, line: string, parameters: unknown, { headers = [], body }: Called = {}): Promise<RawReply> {
  const asked = { input_format: utf8, output_format: utf8, ...(parameters as object) };
  const encoded = Buffer.from(JSON.stringify(asked)).toString('base64');
  const [method = '', command = ''] = line.split(' ');
  return exchange(proxy.url, {
    line: `${method} /api/v4/${command}`,
    headers: ['X-YT-Header-Format: <encode_utf8=%false>json', `X-YT-Parameters-0: ${encoded}`, ...headers],
    ...(body === undefined ? (method === 'GET' ? {} : { chunks: [] }) : { chunks: [Buffer.from(body)] }),
  });
}

export function json(reply: RawReply): unknown {
  return JSON.parse(reply.body.toString('utf8')) as unknown;
}

/** The code of the error that the headers tell of; null for a success. */
export function codeOf(reply: RawReply): number | null {
  const code = reply.headers['x-yt-response-code'];
  return code === undefined ? null : Number(code);
}
