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
  writeHeaders(res, reply.headers);
  if (reply.body !== null && !framing.headOnly) {
    res.end(reply.body, framing.closeConnection);
    return;
  }
  if (reply.body !== null) res.writeHeader('Content-Length', String(Buffer.byteLength(reply.body)));
  if (framing.closeConnection) res.writeHeader('Connection', 'close');
  // Without arguments: given a length, endWithoutBody() leaves the response pending and the connection unusable.
  res.endWithoutBody();
}

/** All lines as the value of the first: each call costs more than what it writes. uWebSockets.js adds nothing to a value but its line's end. */
function writeHeaders(res: HttpResponse, headers: Reply['headers']): void {
  let [first, lines] = ['', ''];
  for (const name in headers) {
    if (first === '') [first, lines] = [name, headers[name] ?? ''];
    else lines += `\r\n${name}: ${headers[name]}`;
  }
  if (first !== '') res.writeHeader(first, lines);
}
