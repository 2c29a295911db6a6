// What was known of a matching at a step beside what is known now.
import type { JSX } from 'preact';
import { momentText } from '../shared/moments.ts';
import { differences, type Context } from './steps.ts';

export interface ContextDiffProps {
  readonly past: Context;
  readonly now: Context;
  readonly title: string;
  readonly isPast: boolean;
}

export function ContextDiff({ past, now, title, isPast }: ContextDiffProps): JSX.Element {
  return (
    <section class="card" aria-labelledby="context-title" data-testid="context">
      <header><h2 id="context-title">{title}</h2></header>
      <div class="body">
        <table class="diff">
          <thead><tr><th scope="col">Field</th>{isPast ? <th scope="col">Then</th> : null}<th scope="col">Now</th></tr></thead>
          <tbody>
            {differences(past, now).map(({ field, past: before, now: present, changed }) => (
              <tr key={field} class={isPast && changed ? 'changed' : ''}>
                <th scope="row">{field.split('_').flatMap((word, index) => (index === 0 ? [word] : ['_', <wbr key={word} />, word]))}</th>
                {isPast ? <td>{before === undefined ? <span class="muted">not kept</span> : <Value value={before} />}</td> : null}
                <td><Value value={present} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Value({ value }: { readonly value: string | number | null | undefined }): JSX.Element {
  if (value === null || value === undefined) return <span class="muted">none</span>;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return <time dateTime={value}>{momentText(value)}</time>;
  return <code class="break">{value}</code>;
}
