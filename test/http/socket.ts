// Requests as bytes on a socket, for what an HTTP client would never send and for replies it would tidy up.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface RawConversation {
  readonly socket: Socket;
  /** Everything received so far. */
  readonly received: () => string;
  /** Resolves once the received text matches. */
  readonly until: (pattern: RegExp) => Promise<string>;
  /** Resolves with everything once the peer has closed. */
  readonly closed: () => Promise<string>;
}

export async function openSocket(port: number, host = '127.0.0.1'): Promise<RawConversation> {
  const socket = connect(port, host);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(text));
  });
  // A reset shows as the close that follows it.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, received: () => text, closed: () => closed, until: (pattern) => receive(socket, pattern, () => text) };
}

/** Sends the bytes and collects what comes until the peer closes: the request should ask for that, or provoke it. */
export async function exchangeRaw(port: number, request: string): Promise<string> {
  const conversation = await openSocket(port);
  conversation.socket.write(request);
  return conversation.closed();
}

async function receive(socket: Socket, pattern: RegExp, text: () => string): Promise<string> {
  while (!pattern.test(text())) {
    if (socket.destroyed) throw new Error(`closed before ${pattern}: ${text()}`);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  }
  return text();
}
