// The admin listener's rules: a bearer token where one is configured; otherwise nobody but this machine, and no web page on it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { bearerToken, invalidToken, type Guards } from './access.ts';
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';

export function createAdminGuards(token: string | null): Pick<Guards, 'operator' | 'monitor'> {
  if (token === null) return { operator: admitLocal, monitor: admitLoopback };
  const expected = digest(token);
  return {
    operator: async (head) => {
      // Digests have one length, so the comparison takes the same time whatever was sent.
      if (!timingSafeEqual(digest(bearerToken(head)), expected)) throw invalidToken('it is not the admin token');
      return null;
    },
    monitor: async () => null,
  };
}

async function admitLoopback(head: RequestHead): Promise<null> {
  if (!head.fromLoopback) throw new HttpProblem('forbidden', 'Without ADMIN_TOKEN only this machine may connect.');
  return null;
}

/**
 * A browser on this machine is on loopback too. A name that resolves here (DNS rebinding) shows in Host, a page of another origin in
 * Origin, which browsers send with everything but plain reads.
 */
async function admitLocal(head: RequestHead): Promise<null> {
  await admitLoopback(head);
  const host = head.headers.get('host') ?? '';
  if (!isLocalHost(host)) throw new HttpProblem('forbidden', 'Without ADMIN_TOKEN the Host must be a loopback name.');
  const origin = head.headers.get('origin');
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new HttpProblem('forbidden', 'Without ADMIN_TOKEN a call from another origin is refused.');
  }
  return null;
}

function isLocalHost(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
