// The frame around every page: skip link, the way to the other pages, the theme, and the question for the admin token.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useApi } from './api-context.ts';
import icon from './icon.svg';
import { chooseTheme, currentTheme, type Theme } from './theme.ts';
import { TokenGate } from './token-gate.tsx';
import './tokens.css';
import './base.css';
import './shell.css';

export type PageName = 'console' | 'inspector' | 'docs';

const pages: readonly { readonly name: PageName; readonly href: string; readonly title: string }[] = [
  { name: 'console', href: '/', title: 'Console' },
  { name: 'inspector', href: '/inspector', title: 'Inspector' },
  { name: 'docs', href: '/docs', title: 'API' },
];

export interface ShellProps {
  readonly page: PageName;
  /** Between the links and the theme: a search field, say. */
  readonly tools?: ComponentChildren;
  /** Below the top bar, above the content: the page's own links. */
  readonly links?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Shell({ page, tools, links, children }: ShellProps): JSX.Element {
  const lock = useLock();
  return (
    <>
      <button type="button" class="button skip" onClick={focusContent}>Skip to content</button>
      <header class="topbar">
        <a class="brand" href="/"><img src={icon} alt="" /><span>Mentorship</span></a>
        <nav aria-label="Pages">
          <ul>
            {pages.map(({ name, href, title }) => (
              <li key={name}><a href={href} aria-current={name === page ? 'page' : undefined}>{title}</a></li>
            ))}
          </ul>
        </nav>
        <div class="spacer" />
        {tools}
        <ThemeSwitch />
      </header>
      {lock === 'open' ? links : null}
      <main id="content" tabIndex={-1}>
        {lock === 'open' ? null : <TokenGate refused={lock === 'refused'} />}
        <div hidden={lock !== 'open'}>{children}</div>
      </main>
    </>
  );
}

export function focusContent(): void {
  document.querySelector<HTMLElement>('#content')?.focus();
}

function useLock(): string {
  const api = useApi();
  const [lock, setLock] = useState(api.lock);
  useEffect(() => {
    setLock(api.lock);
    return api.watchLock(() => setLock(api.lock));
  }, [api]);
  return lock;
}

function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState(currentTheme);
  const choose = (next: Theme): void => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <select class="select theme" aria-label="Theme" value={theme} onChange={(event) => choose(event.currentTarget.value as Theme)}>
      <option value="system">System</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}
