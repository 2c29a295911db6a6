// The search of the top bar: `/` leads into it from anywhere.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { focusContent } from '../shared/shell.tsx';
import { addressOfSearch } from './route.ts';

export function Search(): JSX.Element {
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    location.hash = addressOfSearch(text);
    // What was found is read next; `/` leads back.
    focusContent();
  };
  return (
    <form role="search" class="search" onSubmit={submit}>
      <input
        ref={input} class="input" type="search" aria-label="Matching id, or driver id with or without the park" aria-keyshortcuts="/"
        placeholder="Matching or driver id" autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (/^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}
