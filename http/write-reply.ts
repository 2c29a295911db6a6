// Puts a reply on the wire. Runs inside cork(), once per response.
import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from 'uWebSockets.js';
import type { Reply } from './reply.ts';

export interface Framing {
  /** A HEAD request: the headers of the reply without its body. */
  readonly headOnly: boolean;
  readonly closeConnection: boolean;
}

export function writeReply(res: HttpResponse, reply: Reply, framing: Framing): void {
  res.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`);
  for (const [name, value] of Object.entries(reply.headers)) res.writeHeader(name, value);
  if (reply.body !== null && !framing.headOnly) {
    res.end(reply.body, framing.closeConnection);
    return;
  }
  if (reply.body !== null) res.writeHeader('Content-Length', String(Buffer.byteLength(reply.body)));
  if (framing.closeConnection) res.writeHeader('Connection', 'close');
  // Without arguments: given a length, endWithoutBody() leaves the response pending and the connection unusable.
  res.endWithoutBody();
}
