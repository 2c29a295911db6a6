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
  /** All that is kept of the remote address, which is personal data. */
  readonly fromLoopback: boolean;
}

export function readHead(res: HttpResponse, req: HttpRequest): RequestHead {
  const headers = new Map<string, string>();
  req.forEach((name, value) => {
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  });
  // Undefined without a question mark, whatever the library's types say.
  const query: string | undefined = req.getQuery();
  return {
    method: req.getCaseSensitiveMethod(),
    path: req.getUrl(),
    query: query ?? '',
    headers,
    fromLoopback: isLoopback(new Uint8Array(res.getRemoteAddress())),
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
  const mapped = address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
  if (mapped) return address[12] === 127;
  return address.subarray(0, 15).every((byte) => byte === 0) && address[15] === 1;
}
