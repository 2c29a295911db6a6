// Small parts that the pages are made of.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { timeText } from './format.ts';

export function StatusName({ status }: { readonly status: string }): JSX.Element {
  return <span class="status" data-status={status}>{status}</span>;
}

export function Time({ at }: { readonly at: string | null }): JSX.Element {
  if (at === null) return <span class="muted">–</span>;
  return <time class="number nowrap" dateTime={at} title={at}>{timeText(at)}</time>;
}

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain';

export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ComponentChildren }): JSX.Element {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Failure({ error }: { readonly error: Error | null }): JSX.Element | null {
  return error === null ? null : <p class="note bad" role="alert">{error.message}</p>;
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
  return <div class="empty"><strong>{title}</strong>{children}</div>;
}

export function Loading({ lines = 4 }: { readonly lines?: number }): JSX.Element {
  return (
    <div class="loading" aria-busy="true">
      <span class="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, line) => <span key={line} class="skeleton" />)}
    </div>
  );
}

export interface CardProps {
  readonly title: string;
  readonly tools?: ComponentChildren;
  /** Without padding: for tables and lists that reach the edges. */
  readonly flush?: boolean;
  readonly children: ComponentChildren;
}

export function Card({ title, tools, flush = false, children }: CardProps): JSX.Element {
  return (
    <section class="card" aria-label={title}>
      <header><h2>{title}</h2>{tools}</header>
      <div class={flush ? 'flush' : 'body'}>{children}</div>
    </section>
  );
}

export interface ScrollProps {
  readonly label: string;
  /** With a limited height. */
  readonly diff?: boolean;
  readonly children: ComponentChildren;
}

/** What may be wider than the screen scrolls by itself, with the keyboard too. */
export function Scroll({ label, diff = false, children }: ScrollProps): JSX.Element {
  // A scrolling part that takes no focus cannot be scrolled by the keyboard.
  return <div class={diff ? 'scroll diff' : 'scroll'} role="group" aria-label={label} tabIndex={0}>{children}</div>;
}

/** An id that can be copied whole and is shown short where there is little room. */
export function Id({ id, href }: { readonly id: string; readonly href?: string }): JSX.Element {
  return href === undefined ? <code class="id" title={id}>{id}</code> : <a class="id" href={href} title={id}><code>{id}</code></a>;
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button type="button" class="button quiet small" aria-label={`Copy ${what}`} onClick={() => void copy()}>{copied ? 'Copied' : 'Copy'}</button>
  );
}
