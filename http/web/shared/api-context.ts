// The admin API for components: through the context, with hooks that read a resource and keep it fresh while the page is looked at.
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import { createApi, type Api } from './api.ts';

export const ApiContext = createContext<Api>(createApi());

export function useApi(): Api {
  return useContext(ApiContext);
}

export interface Resource<Body> {
  /** The last answer; of another path's answer nothing is shown. */
  readonly data: Body | null;
  /** Of the last attempt; `data` may still hold an earlier answer. */
  readonly error: Error | null;
  readonly refresh: () => void;
}

interface Answer<Body> {
  readonly path: string;
  readonly data: Body | null;
  readonly error: Error | null;
}

/** Null: nothing to read. With `everyMs` it is read again at that pace, only while the page is visible. */
export function useResource<Body>(path: string | null, everyMs: number | null = null): Resource<Body> {
  const api = useApi();
  const [answer, setAnswer] = useState<Answer<Body> | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    return keepReading(everyMs, async (signal) => {
      try {
        const data = await api.get<Body>(path, signal);
        if (!signal.aborted) setAnswer((before) => (isSame(before, path, data) ? before : { path, data, error: null }));
      } catch (error) {
        if (!signal.aborted) setAnswer((before) => ({ path, data: before?.path === path ? before.data : null, error: asError(error) }));
      }
    });
  }, [api, path, everyMs, turn]);
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  const current = answer?.path === path ? answer : null;
  return { data: current?.data ?? null, error: current?.error ?? null, refresh };
}

/** Reads now and, with `everyMs`, that long after each reading; a hidden page waits until it is seen. Ends with the answer called. */
function keepReading(everyMs: number | null, read: (signal: AbortSignal) => Promise<void>): () => void {
  const leaving = new AbortController();
  const { signal } = leaving;
  let timer: number | undefined;
  const turn = async (): Promise<void> => {
    await read(signal);
    if (everyMs !== null && !signal.aborted) timer = window.setTimeout(whenVisible, everyMs);
  };
  const whenVisible = (): void => {
    if (document.visibilityState === 'visible') void turn();
    else document.addEventListener('visibilitychange', whenVisible, { once: true, signal });
  };
  void turn();
  return () => {
    leaving.abort();
    window.clearTimeout(timer);
  };
}

function isSame<Body>(before: Answer<Body> | null, path: string, data: Body): before is Answer<Body> {
  return before !== null && before.path === path && before.data === data && before.error === null;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
