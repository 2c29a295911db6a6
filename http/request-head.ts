// What is kept of a request besides its body, copied out before uWebSockets.js takes the request back.
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';

export interface RequestHead {
  /** As sent: methods are case-sensitive. */
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Raw, without the question mark. */
  readonly query: string;
  /** Lower-case names; a repeated header is joined by a comma, as RFC 9110 reads it. */
  readonly headers: ReadonlyMap<string, string>;
  readonly fromLoopback: boolean;
  /** Four or sixteen bytes, none when it is gone. Personal data: nothing but a limiter in memory may keep it. */
  readonly address: Uint8Array;
}

export function readHead(res: HttpResponse, req: HttpRequest): RequestHead {
  const headers = new Map<string, string>();
  req.forEach((name, value) => {
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  });
  // Undefined without a question mark, whatever the library's types say.
  const query: string | undefined = req.getQuery();
  const address = new Uint8Array(res.getRemoteAddress());
  return {
    method: req.getCaseSensitiveMethod(),
    path: req.getUrl(),
    query: query ?? '',
    headers,
    fromLoopback: isLoopback(address),
    address,
  };
}

export function headerBytes(head: RequestHead): number {
  let total = head.path.length + head.query.length;
  for (const [name, value] of head.headers) total += name.length + value.length;
  return total;
}

/** 127.0.0.0/8, ::1, and the former mapped into IPv6 (::ffff:127.0.0.0/104). */
export function isLoopback(address: Uint8Array): boolean {
  if (address.length === 4) return address[0] === 127;
  if (address.length !== 16) return false;
  if (isMapped(address)) return address[12] === 127;
  return address.subarray(0, 15).every((byte) => byte === 0) && address[15] === 1;
}

/** Whom to count a stranger's requests on: an IPv4 address, or the /64 network of an IPv6 one, all of which one machine may use. */
export function peerOf(address: Uint8Array): string {
  const counted = address.length !== 16 ? address : isMapped(address) ? address.subarray(12) : address.subarray(0, 8);
  return Buffer.from(counted).toString('hex');
}

function isMapped(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
}
