// The admin API as the pages call it. Where ADMIN_TOKEN is set the first refused call locks the client; whoever draws the page asks for
// the token once, and the calls that waited go on. The token lives in this tab's session storage and travels in a header only.

/** The problem the service answered with; `code` is stable. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** `locked`: a token is needed; `refused`: the one given was wrong. */
export type Lock = 'open' | 'locked' | 'refused';

export interface Api {
  /** An unchanged resource answers with the same object as before. */
  get<Body>(path: string, signal?: AbortSignal): Promise<Body>;
  post<Body>(path: string, body: unknown, signal?: AbortSignal): Promise<Body>;
  readonly lock: Lock;
  unlock(token: string): void;
  /** Tells of changes of `lock` until the answer is called. */
  watchLock(listener: () => void): () => void;
  /** Who acts, as the reader gave it before; kept in this browser and sent with every act. */
  operator(): string;
  setOperator(name: string): void;
  /** For what is not fetched, such as a socket. */
  token(): string | null;
}

const tokenKey = 'admin-token';
const operatorKey = 'operator';

export function createApi(): Api {
  return new AdminApi();
}

class AdminApi implements Api {
  lock: Lock = 'open';
  readonly #listeners = new Set<() => void>();
  readonly #held = new Map<string, { etag: string; body: unknown }>();
  #unlocked: { promise: Promise<void>; resolve: () => void } | null = null;

  get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
    return this.#call<Body>(path, signal === undefined ? {} : { signal });
  }

  post<Body>(path: string, body: unknown, signal?: AbortSignal): Promise<Body> {
    const content = { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
    return this.#call<Body>(path, { method: 'POST', ...content, ...(signal === undefined ? {} : { signal }) });
  }

  unlock(token: string): void {
    sessionStorage.setItem(tokenKey, token);
    this.#setLock('open');
    this.#unlocked?.resolve();
    this.#unlocked = null;
  }

  watchLock(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  operator(): string {
    return localStorage.getItem(operatorKey) ?? '';
  }

  setOperator(name: string): void {
    localStorage.setItem(operatorKey, name);
  }

  token(): string | null {
    return sessionStorage.getItem(tokenKey);
  }

  async #call<Body>(path: string, init: RequestInit): Promise<Body> {
    for (;;) {
      const sent = this.token();
      const held = init.method === undefined ? this.#held.get(path) : undefined;
      const headers = new Headers(init.headers);
      if (sent !== null) headers.set('Authorization', `Bearer ${sent}`);
      if (this.operator() !== '') headers.set('X-Operator', this.operator());
      if (held !== undefined) headers.set('If-None-Match', held.etag);
      const response = await fetch(path, { ...init, headers });
      if (response.status === 401) await this.#untilUnlocked(sent);
      else if (response.status === 304 && held !== undefined) return held.body as Body;
      else return await this.#bodyOf<Body>(path, response, init);
    }
  }

  async #bodyOf<Body>(path: string, response: Response, init: RequestInit): Promise<Body> {
    if (!response.ok) throw await problemOf(response);
    const body = (response.status === 204 ? null : await response.json()) as Body;
    const etag = response.headers.get('ETag');
    if (etag !== null && init.method === undefined) this.#held.set(path, { etag, body });
    return body;
  }

  async #untilUnlocked(sent: string | null): Promise<void> {
    // Another call's refusal may have been answered with a new token meanwhile.
    if (this.token() !== sent) return;
    let resolve = (): void => {};
    this.#unlocked ??= { promise: new Promise((done) => { resolve = done; }), resolve: () => resolve() };
    this.#setLock(sent === null ? 'locked' : 'refused');
    await this.#unlocked.promise;
  }

  #setLock(lock: Lock): void {
    this.lock = lock;
    for (const listener of this.#listeners) listener();
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  return new ApiProblem(response.status, problem.code ?? 'unknown', problem.detail ?? `The service answered ${response.status}.`);
}
