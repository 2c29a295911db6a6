// Requests that no client should send, as bytes: by grammar (each kind knows a way to be wrong) and by mutation of good ones.
import * as fc from 'fast-check';

export interface Malformed {
  readonly kind: string;
  readonly bytes: Buffer;
  /** Whether nothing more is to come by the request's own framing, so that an answer or a close is owed. */
  readonly complete: boolean;
}

const base = '/driver/v1/mentorship';
const matching = '0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a001';
const paths = [`${base}/offer`, `${base}/participation`, `${base}/contacts`, `${base}/contacts/${matching}/messages`, `${base}/contacts/${matching}/read`];

const anyPath = fc.constantFrom(...paths);
const anyMethod = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'PoSt', 'BREW', '');
const latin = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const noBreak = latin.map((text) => text.replaceAll(/[\r\n\0]/g, '.'));

function request(method: string, target: string, headers: readonly string[], body = ''): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: fuzz', ...headers, '', body].join('\r\n');
}

function withBody(method: string, target: string, headers: readonly string[], body: Buffer | string): Buffer {
  const head = request(method, target, [...headers, `Content-Length: ${Buffer.byteLength(body)}`]);
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

type Kind = (authorization: string) => fc.Arbitrary<{ bytes: Buffer | string; complete: boolean }>;

const whole = (bytes: Buffer | string): { bytes: Buffer | string; complete: boolean } => ({ bytes, complete: true });
const part = (bytes: Buffer | string): { bytes: Buffer | string; complete: boolean } => ({ bytes, complete: false });

const escapes = fc.constantFrom(
  '%', '%0', '%00', '%zz', '%2e%2e', '%2E%2E%2F', '%252e', '%c0%af', '%e0%80%af', '%ff%fe', '%ed%a0%80', '%F0%9F%92%A9', '..', '.', '//', ';a=b', '\\', '%5c', '%0d%0aSet-Cookie:x',
  '__proto__', 'constructor', '{matching_id}', '*', '~', '+', '%20', "'--", '<script>', '\u00ff',
);
const trickyPath = fc.array(fc.oneof(escapes, fc.constantFrom('driver', 'v1', 'mentorship', 'contacts', matching, 'read', '')), { maxLength: 12 })
  .map((segments) => `/${segments.join('/')}`);
const queryPiece = fc.oneof(fc.constantFrom('limit', 'cursor', 'role', '__proto__', 'a[]', ''), noBreak.map(encodeURIComponent), escapes);
const query = fc.array(fc.tuple(queryPiece, queryPiece).map(([name, value]) => `${name}=${value}`), { maxLength: 30 }).map((pairs) => pairs.join('&'));
const hugeQuery = fc.integer({ min: 1, max: 30_000 }).chain((length) => fc.constantFrom('x'.repeat(length), 'a=1&'.repeat(length / 4), '%41'.repeat(length / 3), '&'.repeat(length)));

const brokenJson = fc.oneof(
  fc.json().map((text) => text.slice(0, -1)), fc.json(), noBreak, fc.integer({ min: 1, max: 20_000 }).map((depth) => '['.repeat(depth)),
  fc.integer({ min: 1, max: 8_000 }).map((depth) => '{"a":'.repeat(depth)), fc.constantFrom('{"read_through":1}', '{"read_through":"9999999-01-01"}', '{"a":1,"a":2}', '\ufeff{}', '{"__proto__":{}}', 'null', '0'),
);
const badLength = fc.constantFrom('-1', '+1', '1e9', '0x10', '99999999999999999999', '1, 2', ' ', '18446744073709551616', '65537', 'NaN', '1;2', '٣');
const badChunk = fc.constantFrom('FFFFFFFFFFFFFFFF\r\n', '-1\r\n', '0x1\r\na\r\n', '1\r\nab\r\n0\r\n\r\n', '1;ext="\r\n', ';\r\n', '\r\n\r\n', '00000000000000000000001\r\na\r\n', '1\na\n0\n\n', 'G\r\n', '3\r\nab');
const oddHeader = fc.oneof(
  noBreak, fc.constantFrom(' folded: value', 'NoColon', ': empty', 'Name : space', 'A\0B: null', 'Host: second', 'Connection: close', 'Connection: upgrade', 'Upgrade: websocket', 'Expect: 100-continue',
    'Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: chunked, chunked', 'Content-Length: 0', 'Accept-Language: ;q=,,,;', 'If-None-Match: ,,"*', 'traceparent: 00-x', 'Idempotency-Key: \u0001', 'Content-Encoding: gzip'),
);

const kinds = {
  path: (auth) => fc.tuple(anyMethod, trickyPath).map(([method, path]) => whole(request(method, path, [auth]))),
  query: (auth) => fc.tuple(anyPath, query).map(([path, text]) => whole(request('GET', `${path}?${text}`, [auth]))),
  huge_query: (auth) => fc.tuple(anyPath, hugeQuery).map(([path, text]) => whole(request('GET', `${path}?${text}`, [auth]))),
  headers: (auth) => fc.tuple(anyMethod, anyPath, fc.array(oddHeader, { maxLength: 20 })).map(([method, path, headers]) => part(request(method, path, [auth, ...headers]))),
  many_headers: (auth) => fc.tuple(anyPath, fc.integer({ min: 50, max: 400 })).map(([path, count]) =>
    whole(request('GET', path, [auth, ...Array.from({ length: count }, (_, index) => `X-${index}: ${index}`)]))),
  long_header: (auth) => fc.tuple(anyPath, fc.integer({ min: 1_000, max: 40_000 })).map(([path, length]) => part(request('GET', path, [auth, `X-Long: ${'x'.repeat(length)}`]))),
  token: () => fc.tuple(anyPath, noBreak).map(([path, token]) => whole(request('GET', path, [`Authorization: Bearer ${token}`]))),
  body: (auth) => fc.tuple(anyPath, brokenJson).map(([path, body]) => whole(withBody('POST', path, [auth, 'Content-Type: application/json'], body))),
  body_bytes: (auth) => fc.tuple(anyPath, fc.uint8Array({ maxLength: 300 })).map(([path, body]) => whole(withBody('POST', path, [auth, 'Content-Type: application/json'], Buffer.from(body)))),
  body_type: (auth) => fc.tuple(anyPath, noBreak).map(([path, type]) => whole(withBody('POST', path, [auth, `Content-Type: ${type}`], '{}'))),
  body_too_long: (auth) => fc.tuple(anyPath, fc.integer({ min: 65_537, max: 90_000 })).map(([path, length]) =>
    whole(withBody('POST', path, [auth, 'Content-Type: application/json'], 'x'.repeat(length)))),
  body_short: (auth) => fc.tuple(anyPath, fc.integer({ min: 1, max: 100 })).map(([path, missing]) => part(request('POST', path, [auth, `Content-Length: ${missing + 2}`], '{}'))),
  length: (auth) => fc.tuple(anyPath, badLength).map(([path, length]) => part(request('POST', path, [auth, `Content-Length: ${length}`], '{}'))),
  chunks: (auth) => fc.tuple(anyPath, fc.array(badChunk, { maxLength: 4 })).map(([path, chunks]) => part(request('POST', path, [auth, 'Transfer-Encoding: chunked'], chunks.join('')))),
  smuggled: (auth) => anyPath.map((path) => part(request('POST', path, [auth, 'Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${request('GET', '/admin/v1/funnel', [])}`))),
  pipelined: (auth) => fc.array(fc.tuple(anyMethod, trickyPath), { minLength: 2, maxLength: 10 }).map((many) => part(many.map(([method, path]) => request(method, path, [auth])).join(''))),
  line: () => fc.constantFrom('GET\r\n\r\n', 'GET  / HTTP/1.1\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\r\n\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00', 'GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 'GET / HTTP/1.1\n\n').map(part),
  noise: () => fc.uint8Array({ maxLength: 400 }).map((bytes) => part(Buffer.from(bytes))),
  mutated: (auth) => fc.tuple(anyMethod, anyPath, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 3 }), fc.nat(255)), { minLength: 1, maxLength: 6 })).map(([method, path, changes]) =>
    part(mutate(withBody(method, path, [auth, 'Content-Type: application/json'], '{"read_through":"2026-01-01T00:00:00Z"}'), changes))),
} as const satisfies Record<string, Kind>;

/** Replaces, inserts, deletes or cuts at places counted modulo the length. */
function mutate(bytes: Buffer, changes: readonly (readonly [place: number, what: number, byte: number])[]): Buffer {
  let text = bytes;
  for (const [place, what, byte] of changes) {
    const at = text.length === 0 ? 0 : place % text.length;
    const skipped = what === 1 ? at : at + 1;
    const between = what === 2 ? Buffer.alloc(0) : Buffer.of(byte);
    text = what === 3 ? text.subarray(0, at) : Buffer.concat([text.subarray(0, at), between, text.subarray(skipped)]);
  }
  return text;
}

export const kindNames: readonly string[] = Object.keys(kinds);

/** The same seed gives the same requests. Half of them show the token, which should be a good one. */
export function malformedRequests(count: number, seed: number, token: string): Malformed[] {
  const anyAuthorization = fc.constantFrom(`Authorization: Bearer ${token}`, 'Authorization: Bearer a.b.c');
  const any = fc.oneof(...Object.entries(kinds).map(([kind, make]) =>
    anyAuthorization.chain((authorization) => make(authorization)).map(({ bytes, complete }) => ({ kind, complete, bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes }))));
  return fc.sample(any, { numRuns: count, seed });
}
