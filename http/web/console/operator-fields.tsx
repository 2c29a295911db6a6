// Who acts and why: kept in the record of operator actions.
import type { JSX } from 'preact';
import { useApi } from '../shared/api-context.ts';

export interface OperatorFieldsProps {
  readonly reason: string;
  readonly onReason: (reason: string) => void;
  /** Tells fields of several forms apart. */
  readonly form: string;
}

export function OperatorFields({ reason, onReason, form }: OperatorFieldsProps): JSX.Element {
  const api = useApi();
  return (
    <>
      <div class="field">
        <label for={`${form}-reason`}>Reason (required, kept in the history)</label>
        <input id={`${form}-reason`} class="input" required maxLength={500} autocomplete="off" value={reason} onInput={(event) => onReason(event.currentTarget.value)} />
      </div>
      <div class="field">
        <label for={`${form}-operator`}>Your name (optional)</label>
        <input
          id={`${form}-operator`} class="input" pattern="[0-9A-Za-z._@\-]{1,64}" title="Up to 64 of 0-9, A-Z, a-z and ._@-" autocomplete="username"
          defaultValue={api.operator()} onChange={(event) => api.setOperator(event.currentTarget.value.trim())}
        />
      </div>
    </>
  );
}
