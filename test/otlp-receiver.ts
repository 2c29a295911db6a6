// An OpenTelemetry collector's OTLP/HTTP door on a real socket: it keeps what is posted to it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** Of the resource that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Post {
  readonly path: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly posts: readonly Post[];
  /** Of the posts in JSON. */
  spans(): ReceivedSpan[];
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({ path: request.url ?? '', contentType: request.headers['content-type'] ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      response.setHeader('content-type', 'application/json').end('{"partialSuccess":{}}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    spans: () => posts.filter(({ contentType }) => contentType === 'application/json').flatMap(({ body }) => spansOf(body)),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface WireAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface WireSpan extends Omit<ReceivedSpan, 'attributes' | 'failed' | 'resource'> {
  readonly attributes: readonly WireAttribute[];
  readonly status?: { readonly code?: number };
}
interface WireResourceSpans {
  readonly resource: { readonly attributes: readonly WireAttribute[] };
  readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
function spansOf(body: Buffer): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body.toString()) as { resourceSpans: readonly WireResourceSpans[] };
  return resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((span) => ({
    ...span,
    attributes: valuesOf(span.attributes),
    failed: span.status?.code === 2,
    resource: valuesOf(resource.attributes),
  }))));
}

function valuesOf(attributes: readonly WireAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
