// Which host moves the rows: one of the best the cluster names, not one that failed lately, the configured proxy when there is none.
import { originOfHost } from './trusted-hosts.ts';

export interface HeavyProxyOptions {
  readonly proxy: URL;
  /** Asks `/hosts`; the best come first. */
  readonly discover: () => Promise<readonly string[]>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly nowMs: () => number;
}

const cacheMs = 45_000;
const banMs = 120_000;
// Not the best alone: everybody would go there.
const bestCount = 5;

export class HeavyProxies {
  readonly #options: HeavyProxyOptions;
  readonly #bannedUntilMs = new Map<string, number>();
  #hosts: { readonly origins: readonly string[]; readonly untilMs: number } | null = null;
  #asking: Promise<readonly string[]> | null = null;

  constructor(options: HeavyProxyOptions) {
    this.#options = options;
  }

  /** The origin to send the next heavy call to. */
  async pick(signal?: AbortSignal): Promise<string> {
    const { proxy, random, nowMs } = this.#options;
    const origins = await this.#origins(signal);
    const allowed = origins.filter((origin) => (this.#bannedUntilMs.get(origin) ?? 0) <= nowMs()).slice(0, bestCount);
    return allowed[Math.floor(random() * allowed.length)] ?? proxy.origin;
  }

  /** Not asked again for a while: a call to this origin failed. */
  ban(origin: string): void {
    this.#bannedUntilMs.set(origin, this.#options.nowMs() + banMs);
  }

  async #origins(signal?: AbortSignal): Promise<readonly string[]> {
    const { nowMs } = this.#options;
    if (this.#hosts !== null && this.#hosts.untilMs > nowMs()) return this.#hosts.origins;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return unlessAborted(this.#asking, signal);
  }

  async #ask(): Promise<readonly string[]> {
    const { proxy, discover, nowMs } = this.#options;
    let origins: readonly string[] = [];
    try {
      const hosts = await discover();
      origins = hosts.map((host) => originOfHost(host, proxy)).filter((origin) => origin !== null);
    } catch {
      // A cluster that does not tell its hosts still has the proxy we know; the call itself meets what is wrong with that one.
    }
    this.#hosts = { origins, untilMs: nowMs() + cacheMs };
    return origins;
  }
}

/** The work goes on for whoever else waits for it. */
async function unlessAborted<Value>(work: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
