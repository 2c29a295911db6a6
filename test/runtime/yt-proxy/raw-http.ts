// One HTTP exchange on a bare socket: what is sent is exactly what is written here, and the reply comes with its frames and trailers.
import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawReply {
  readonly status: number;
  /** Names in lower case; values as the bytes came, one character each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

export interface RawRequest {
  /** `GET /api/v4/get`. */
  readonly line: string;
  readonly headers?: readonly string[];
  /** Sent in these chunks. */
  readonly chunks?: readonly Buffer[];
}

/** Waits for the whole reply. */
export async function exchange(url: string, { line, headers = [], chunks }: RawRequest): Promise<RawReply> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const received: Buffer[] = [];
  socket.on('data', (piece) => received.push(piece));
  const ended = once(socket, 'close');
  const length = chunks === undefined ? [] : ['Transfer-Encoding: chunked'];
  const head = [`${line} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...length, ...headers, '', ''].join('\r\n');
  socket.write(Buffer.from(head));
  for (const chunk of chunks ?? []) socket.write(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
  if (chunks !== undefined) socket.write('0\r\n\r\n');
  await ended;
  return parseReply(Buffer.concat(received));
}

function parseReply(bytes: Buffer): RawReply {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = fieldsOf(lines);
  const rest = bytes.subarray(end + 4);
  const status = Number(statusLine.split(' ')[1]);
  return headers['transfer-encoding'] === 'chunked' ? { status, headers, ...unchunked(rest) } : { status, headers, body: rest, trailers: {} };
}

function unchunked(bytes: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) throw new Error('the chunked body is cut short');
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (length === 0) return { body: Buffer.concat(pieces), trailers: fieldsOf(bytes.toString('latin1', start).split('\r\n')) };
    pieces.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}

function fieldsOf(lines: readonly string[]): Record<string, string> {
  const fields = lines.filter((line) => line.includes(':')).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return Object.fromEntries(fields);
}
