// What the fuzz does with sockets: one malformed request, many idle ones, slow ones, and requests broken off after every byte.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Malformed } from './malformed.ts';

/** The status of the first answer; `closed` without one; `open` when the request may go on and nothing came; `hung` when it may not. */
export type Ending = number | 'closed' | 'open' | 'hung';

const openWaitMs = 25;

export async function sendMalformed(port: number, { bytes, complete }: Malformed, answerWithinMs: number): Promise<Ending> {
  const socket = open(port);
  socket.write(bytes);
  const ending = new Promise<Ending>((resolve) => {
    const timer = setTimeout(() => resolve(complete ? 'hung' : 'open'), complete ? answerWithinMs : openWaitMs);
    const settle = (how: Ending): void => {
      clearTimeout(timer);
      resolve(how);
    };
    socket.once('data', (chunk: Buffer) => settle(Number(/^HTTP\/1\.1 (\d{3}) /.exec(chunk.toString('latin1'))?.[1] ?? 'NaN')));
    socket.once('close', () => settle('closed'));
  });
  const how = await ending;
  socket.resetAndDestroy();
  return how;
}

/** A connection whose reset is no error of the test. */
function open(port: number): Socket {
  return connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => undefined);
}

export interface Crowd {
  /** Connections there were at first. */
  readonly size: number;
  /** How many the service has closed by now. */
  closed(): number;
  destroy(): void;
}

/** Connections that never send a byte, all of them up. */
export async function idleCrowd(port: number, size: number): Promise<Crowd> {
  const sockets: Socket[] = [];
  const atOnce = 250;
  for (let begun = 0; begun < size; begun += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, size - begun) }, () => open(port).resume());
    await Promise.all(some.map((socket) => once(socket, 'connect')));
    sockets.push(...some);
  }
  return crowdOf(sockets, () => undefined);
}

/** Connections that send one byte of their headers, or of their body, every half second. */
export async function slowCrowd(port: number, size: number, token: string): Promise<Crowd> {
  const heads = ['GET /driver/v1/mentorship/offer HTTP/1.1\r\nHost: x\r\nX-Slow: ', `POST /driver/v1/mentorship/participation HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n`];
  const sockets = Array.from({ length: size }, (_, index) => {
    const socket = open(port);
    socket.write(heads[index % heads.length] ?? '');
    return socket.resume();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const timer = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write('x');
  }, 500);
  return crowdOf(sockets, () => clearInterval(timer));
}

function crowdOf(sockets: readonly Socket[], end: () => void): Crowd {
  return {
    size: sockets.length,
    closed: () => sockets.filter((socket) => socket.closed).length,
    destroy: () => {
      end();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Sends the request up to every byte and breaks off, by a reset and by an orderly close in turn. Answers how many times. */
export async function breakOffEverywhere(port: number, request: string): Promise<number> {
  const bytes = Buffer.from(request);
  for (let length = 0; length <= bytes.length; length += 1) {
    const socket = open(port);
    await once(socket, 'connect');
    await new Promise<void>((resolve) => {
      socket.write(bytes.subarray(0, length), () => resolve());
      if (length === 0) resolve();
    });
    if (length % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  }
  return bytes.length + 1;
}
