// Pages of a list, one after the other, joined as the reader asks for more.
import { useEffect, useState } from 'preact/hooks';
import { useApi, useResource } from '../shared/api-context.ts';

interface Page {
  readonly next_cursor: string | null;
}

export interface Paged<Body extends Page> {
  readonly pages: readonly Body[];
  readonly error: Error | null;
  readonly isLoading: boolean;
  /** Null when there is nothing more. */
  readonly more: (() => void) | null;
  readonly refresh: () => void;
}

/** The first page is kept fresh until a second one is asked for: rows must not move under the reader's eyes. */
export function usePages<Body extends Page>(path: string, everyMs: number): Paged<Body> {
  const api = useApi();
  const [later, setLater] = useState<readonly Body[]>([]);
  const [failure, setFailure] = useState<Error | null>(null);
  const [isReading, setIsReading] = useState(false);
  const first = useResource<Body>(path, later.length === 0 ? everyMs : null);
  useEffect(() => {
    setLater([]);
    setFailure(null);
  }, [path]);
  const pages = first.data === null ? [] : [first.data, ...later];
  const cursor = pages.at(-1)?.next_cursor ?? null;
  const read = async (after: string): Promise<void> => {
    setIsReading(true);
    try {
      const page = await api.get<Body>(`${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(after)}`);
      setLater((before) => [...before, page]);
      setFailure(null);
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setIsReading(false);
    }
  };
  return {
    pages,
    error: failure ?? first.error,
    isLoading: isReading || (first.data === null && first.error === null),
    more: cursor === null || isReading ? null : () => void read(cursor),
    refresh: () => {
      setLater([]);
      first.refresh();
    },
  };
}
