// Starts a page.
import { render, type JSX } from 'preact';
import { createApi } from './api.ts';
import { ApiContext } from './api-context.ts';
import { applyTheme } from './theme.ts';

export function mount(page: JSX.Element): void {
  applyTheme();
  const place = document.querySelector('#app');
  if (place === null) throw new TypeError('the document has no #app');
  render(<ApiContext.Provider value={createApi()}>{page}</ApiContext.Provider>, place);
}
