// The app of one of the two as it would look on the phone. Loaded on request: every look is recorded.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useResource } from '../shared/api-context.ts';
import { Badge, Empty, Failure, Loading, Time } from '../shared/ui.tsx';
import type { Matching, Preview, PreviewContact } from './wire.ts';

type Side = 'newbie' | 'mentor';
type Locale = 'ru' | 'en';

export function Phone({ matching }: { readonly matching: Matching }): JSX.Element {
  const [side, setSide] = useState<Side>('newbie');
  const [locale, setLocale] = useState<Locale>('ru');
  const [isOpen, setIsOpen] = useState(false);
  const path = isOpen ? `/admin/v1/matchings/${matching.id}/preview?side=${side}&locale=${locale}` : null;
  const { data, error, refresh } = useResource<Preview>(path);
  return (
    <div class="phone-card">
      <div class="phone-tools">
        <Choice label="Side" options={['newbie', 'mentor']} value={side} onChange={setSide} off={matching.mentor === null ? ['mentor'] : []} />
        <Choice label="Language" options={['ru', 'en']} value={locale} onChange={setLocale} />
        {isOpen ? <button type="button" class="button quiet" onClick={refresh}>Look again</button> : null}
      </div>
      {isOpen ? (
        <div class="phone" lang={locale} role="region" aria-label={`The ${side}’s phone`} tabIndex={0}>
          <Failure error={error} />
          {data === null && error === null ? <Loading /> : null}
          {data === null ? null : <Screen preview={data} current={matching.id} />}
        </div>
      ) : (
        <div class="empty">
          <p>Names and masked phone numbers are personal data: each look is recorded.</p>
          <button type="button" class="button" onClick={() => setIsOpen(true)}>Show the phone</button>
        </div>
      )}
    </div>
  );
}

interface ChoiceProps<Option extends string> {
  readonly label: string;
  readonly options: readonly Option[];
  readonly value: Option;
  readonly onChange: (option: Option) => void;
  readonly off?: readonly Option[];
}

function Choice<Option extends string>({ label, options, value, onChange, off = [] }: ChoiceProps<Option>): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} type="button" class="button" aria-pressed={option === value} disabled={off.includes(option)} onClick={() => onChange(option)}>{option}</button>
      ))}
    </div>
  );
}

function Screen({ preview, current }: { readonly preview: Preview; readonly current: string }): JSX.Element {
  const { offer, contacts: list } = preview;
  return (
    <>
      {list.degraded.length === 0 ? null : <p class="note warn small">Without {list.degraded.join(', ')}</p>}
      {offer.show ? <div class="bubble"><strong>{offer.title}</strong><p>{offer.text}</p><span class="badge info">{offer.button}</span></div> : null}
      {list.contacts.length === 0 ? <Empty title="No contacts">The app shows an empty list.</Empty> : null}
      {list.contacts.map((contact) => <ContactCard key={contact.matching_id} contact={contact} isCurrent={contact.matching_id === current} />)}
    </>
  );
}

function ContactCard({ contact, isCurrent }: { readonly contact: PreviewContact; readonly isCurrent: boolean }): JSX.Element {
  return (
    <article class={isCurrent ? 'contact current' : 'contact'} aria-label={contact.name ?? 'Contact'}>
      <header>
        <span class="avatar" aria-hidden="true">{(contact.name ?? '?').slice(0, 1)}</span>
        <div class="name"><strong>{contact.name ?? 'Name unknown'}</strong><span class="small muted number">{contact.phone ?? 'no phone'}</span></div>
        {contact.unread === 0 ? <Badge>read</Badge> : <Badge tone="info">{contact.unread} unread</Badge>}
      </header>
      <ul class="messages">
        {contact.messages.map((message) => (
          <li key={message.id} class={message.read ? 'bubble' : 'bubble unread'}>
            <p>{message.text}</p>
            <span class="small muted">{message.kind} · <Time at={message.created_at} />{message.read ? '' : ' · unread'}</span>
          </li>
        ))}
      </ul>
      <ul class="links">
        {contact.links.map(({ kind, url }) => <li key={kind}><span class="badge">{kind}</span> <code class="small break">{readable(url)}</code></li>)}
      </ul>
    </article>
  );
}

function readable(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
