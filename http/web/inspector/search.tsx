// Finds a matching by its id or by a driver's profile. The slash key leads here from anywhere.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApi } from '../shared/api-context.ts';
import { focusContent } from '../shared/shell.tsx';
import type { Routing } from './route.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const profile = /^[0-9A-Za-z-]{1,64}_[0-9A-Za-z-]{1,64}$/;

interface Found {
  readonly id: string;
  readonly status: string;
  readonly newbie: string;
  readonly mentor: string | null;
}

type Answer = { readonly kind: 'found'; readonly matchings: readonly Found[] } | { readonly kind: 'words'; readonly words: string } | null;

export function Search({ go }: Pick<Routing, 'go'>): JSX.Element {
  const api = useApi();
  const inputRef = useRef<HTMLInputElement | null>(null);
  const [answer, setAnswer] = useState<Answer>(null);
  const [text, setText] = useState('');
  useSlash(() => inputRef.current?.focus());
  const open = (id: string): void => {
    setAnswer(null);
    setText('');
    go({ machine: 'matching', id, step: null });
    // What was found is read next; `/` leads back.
    focusContent();
  };
  const search = async (event: Event): Promise<void> => {
    event.preventDefault();
    const asked = text.trim();
    if (uuid.test(asked)) return open(asked.toLowerCase());
    if (!profile.test(asked)) return setAnswer({ kind: 'words', words: 'An id of a matching, or <park_id>_<driver_id>.' });
    const page = await api.get<{ matchings: readonly Found[] }>(`/admin/v1/matchings?driver=${encodeURIComponent(asked)}&limit=20`);
    const [only] = page.matchings;
    if (only === undefined) setAnswer({ kind: 'words', words: 'No matching of this driver.' });
    else if (page.matchings.length === 1) open(only.id);
    else setAnswer({ kind: 'found', matchings: page.matchings });
    return undefined;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') setAnswer(null);
  };
  return (
    <search class="search">
      <form onSubmit={(event) => void search(event)}>
      <input
        ref={inputRef} class="input" type="search" aria-label="Find a matching by its id or by a driver" placeholder="Matching or park_driver  ( / )"
        spellcheck={false} autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
      </form>
      <div class="search-answer">
        <output>{answer?.kind === 'words' ? <span class="note">{answer.words}</span> : null}</output>
        {answer?.kind === 'found' ? (
          <ul class="rows card">
            {answer.matchings.map(({ id, status, newbie, mentor }) => (
              <li key={id}>
                <button type="button" class="rowlink" onClick={() => open(id)}>
                  <span class="line"><span class="small mono">{id}</span><span class="status small" data-status={status}>{status}</span></span>
                  <span class="small muted break">{newbie}{mentor === null ? '' : ` → ${mentor}`}</span>
                </button>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </search>
  );
}

function useSlash(act: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });
}
