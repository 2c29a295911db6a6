// Sends an event to a matching, through the same door as everything else, with the operator's reason.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { MatchingDetails } from '../../admin/matching.ts';
import { useApi } from '../shared/api-context.ts';

interface Sent {
  readonly outcome: 'moved' | 'ignored';
  readonly from: string;
  readonly to: string;
}

type Answer = { readonly kind: 'good' | 'warn' | 'bad'; readonly words: string } | null;

export interface SendEventProps {
  readonly details: MatchingDetails;
  readonly isPast: boolean;
  readonly onSent: () => void;
}

export function SendEvent({ details, isPast, onSent }: SendEventProps): JSX.Element {
  const api = useApi();
  const { matching, allowed_events: allowed } = details;
  const [chosen, setChosen] = useState<string>('');
  const [reason, setReason] = useState('');
  const [mentor, setMentor] = useState('');
  const [answer, setAnswer] = useState<Answer>(null);
  const [busy, setBusy] = useState(false);
  // Whoever chose an event must not send another because the matching moved meanwhile.
  const isGone = chosen !== '' && !allowed.some((event) => event === chosen);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const sent = await api.post<Sent>(`/admin/v1/matchings/${matching.id}/events`, { type: chosen, reason, ...matchFields(chosen, mentor) });
      setAnswer(answerOf(chosen, sent));
      if (sent.outcome === 'moved') {
        setReason('');
        setChosen('');
      }
      onSent();
    } catch (error) {
      setAnswer({ kind: 'bad', words: error instanceof Error ? error.message : String(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card" aria-labelledby="send-title">
      <header><h2 id="send-title">Send an event</h2></header>
      <div class="body">
        {allowed.length === 0 ? <p class="muted">No event leads out of <strong>{matching.status}</strong>.</p> : (
          <form class="stack" onSubmit={(event) => void submit(event)}>
            <fieldset class="choices">
              <legend class="label">Allowed next</legend>
              {allowed.map((event) => (
                <label key={event} class="choice">
                  <input type="radio" name="event" value={event} required checked={event === chosen} onChange={() => setChosen(event)} />
                  <code>{event}</code>
                </label>
              ))}
            </fieldset>
            {chosen === 'MATCHED' ? (
              <div class="field">
                <label for="mentor">Mentor</label>
                <input id="mentor" class="input mono" required placeholder="park_id_driver_id" pattern="[0-9A-Za-z\-]{1,64}_[0-9A-Za-z\-]{1,64}" value={mentor} onInput={(event) => setMentor(event.currentTarget.value)} />
              </div>
            ) : null}
            <div class="field">
              <label for="reason">Reason</label>
              <textarea id="reason" class="input" required maxLength={500} rows={2} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
            </div>
            <div class="row">
              <button type="submit" class="button primary" disabled={busy || isGone}>Send {chosen === '' ? 'the event' : chosen}</button>
              <span class="small muted">{isGone ? `It has moved to ${matching.status} meanwhile: choose again.` : isPast ? 'It goes to the present state, not to the step you look at.' : 'Guards are judged when it arrives.'}</span>
            </div>
          </form>
        )}
        <output>{answer === null ? null : <span class={`note ${answer.kind}`}>{answer.words}</span>}</output>
      </div>
    </section>
  );
}

function matchFields(type: string, mentor: string): Readonly<Record<string, string>> {
  if (type !== 'MATCHED') return {};
  const [park = '', driver = ''] = mentor.trim().split('_');
  return { mentor_park_id: park, mentor_driver_id: driver, connected_dttm: new Date().toISOString() };
}

function answerOf(type: string, { outcome, from, to }: Sent): Answer {
  if (outcome === 'moved') return { kind: 'good', words: `${type} moved it from ${from} to ${to}.` };
  return { kind: 'warn', words: `${type} was ignored in ${from}: its guard did not hold.` };
}
