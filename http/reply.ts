// The replies of handlers as plain data; write-reply.ts puts them on the wire.
import { hash } from 'node:crypto';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for replies that have none, such as 204 and 304. */
  readonly body: string | Uint8Array | null;
}

export interface TextReply extends Reply {
  readonly body: string;
}

export const jsonType = 'application/json; charset=utf-8';

/** `no-store` unless `headers` say otherwise: nearly every reply is about one person. */
export function jsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): TextReply {
  return { status, headers: { 'Content-Type': jsonType, 'Cache-Control': 'no-store', ...headers }, body: JSON.stringify(body) };
}

export function textReply(status: number, contentType: string, body: string): TextReply {
  return { status, headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store' }, body };
}

export function emptyReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: null };
}

/** A strong entity tag over the body and everything else that tells one reply from another, such as who asked. */
export function strongETag(parts: readonly string[]): string {
  return `"${hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'base64url')}"`;
}

/** RFC 9110 section 13.1.2: `*` or any listed tag, compared weakly. */
export function matchesETag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const listed = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return listed.includes('*') || listed.includes(etag);
}

/** The reply with its tag, or 304 with the same headers when the client already holds it. */
export function conditionalReply(reply: Reply, etag: string, ifNoneMatch: string | undefined): Reply {
  const headers: Record<string, string> = { ...reply.headers, ETag: etag };
  if (!matchesETag(ifNoneMatch, etag)) return { ...reply, headers };
  delete headers['Content-Type'];
  return emptyReply(304, headers);
}
