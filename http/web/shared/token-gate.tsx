// Asks for the admin token, once for the life of the tab.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useApi } from './api-context.ts';

export function TokenGate({ refused }: { readonly refused: boolean }): JSX.Element {
  const api = useApi();
  const [token, setToken] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (token.trim() !== '') api.unlock(token.trim());
  };
  return (
    <div class="gate">
      <form class="card" onSubmit={submit}>
        <div>
          <h1>Admin token</h1>
          <p class="muted">The value of <code>ADMIN_TOKEN</code>. This tab keeps it until it is closed.</p>
        </div>
        {refused ? <p class="note bad" role="alert">The service did not accept this token.</p> : null}
        <div class="field">
          <label for="admin-token">Token</label>
          <input
            id="admin-token" class="input" type="password" autocomplete="off" required
            value={token} onInput={(event) => setToken(event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="button primary">Open</button>
      </form>
    </div>
  );
}
