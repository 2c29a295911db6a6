// The admin listener's rules: a bearer token where one is configured; otherwise nobody but this machine, and no web page on it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { bearerToken, invalidToken, type Guards } from './access.ts';
import { isJson } from './input.ts';
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';

export function createAdminGuards(token: string | null): Pick<Guards, 'operator' | 'monitor'> {
  if (token === null) return { operator: admitLocal, monitor: admitLoopback };
  const expected = digest(token);
  return {
    operator: async (head) => {
      // Digests have one length, so the comparison takes the same time whatever was sent.
      if (!timingSafeEqual(digest(bearerToken(head)), expected)) throw invalidToken('it is not the admin token');
      refuseForms(head);
      return null;
    },
    monitor: async () => null,
  };
}

/** The same rules for a WebSocket, whose handshake a browser sends without the header. */
export interface SocketGuard {
  /** Of the handshake: whether the operator's right is proven already. Throws the problem to refuse with. */
  admit(head: RequestHead): Promise<boolean>;
  proves(token: string): boolean;
}

export function createSocketGuard(token: string | null): SocketGuard {
  const { operator } = createAdminGuards(token);
  return {
    admit: async (head) => {
      if (token !== null && !head.headers.has('authorization')) return false;
      await operator(head);
      return true;
    },
    proves: (shown) => token !== null && timingSafeEqual(digest(shown), digest(token)),
  };
}

async function admitLoopback(head: RequestHead): Promise<null> {
  if (!head.fromLoopback) throw new HttpProblem('forbidden', 'Without ADMIN_TOKEN only this machine may connect.');
  return null;
}

/**
 * A browser on this machine is on loopback too. A name that resolves here (DNS rebinding) shows in Host; a page of another origin in
 * Origin, which browsers send with everything but plain reads, and in Sec-Fetch-Site.
 */
async function admitLocal(head: RequestHead): Promise<null> {
  await admitLoopback(head);
  const host = head.headers.get('host') ?? '';
  if (!isLocalHost(host)) throw new HttpProblem('forbidden', 'Without ADMIN_TOKEN the Host must be a loopback name.');
  const origin = head.headers.get('origin');
  if ((origin !== undefined && origin !== `http://${host}`) || fromAnotherSite(head)) {
    throw new HttpProblem('forbidden', 'Without ADMIN_TOKEN a call from another origin is refused.');
  }
  refuseForms(head);
  return null;
}

/** Following a link to here is no call: the page it came from reads nothing of the answer. */
function fromAnotherSite({ method, headers }: RequestHead): boolean {
  const site = headers.get('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return method !== 'GET' || headers.get('sec-fetch-mode') !== 'navigate';
}

/**
 * A page may send a form, or nothing at all, anywhere without asking first; JSON it may not. Tools other than browsers, which send
 * neither Origin nor Sec-Fetch-Site, may leave out the type together with the body.
 */
function refuseForms({ method, headers }: RequestHead): void {
  if (method !== 'POST') return;
  const type = headers.get('content-type');
  const byBrowser = headers.has('origin') || headers.has('sec-fetch-site');
  if (type === undefined ? byBrowser : !isJson(type)) {
    throw new HttpProblem('unsupported_media_type', 'A change is asked for as application/json.', { Accept: 'application/json' });
  }
}

function isLocalHost(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
