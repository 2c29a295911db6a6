// Sends one of the events that the matching takes now, with a reason.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useApi } from '../shared/api-context.ts';
import { OperatorFields } from './operator-fields.tsx';
import type { Matching } from './wire.ts';

export interface EventFormProps {
  readonly matching: Matching;
  readonly allowed: readonly string[];
  readonly onSent: () => void;
}

interface Outcome {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly text: string;
}

export function EventForm({ matching, allowed, onSent }: EventFormProps): JSX.Element {
  const api = useApi();
  const [chosen, setChosen] = useState('');
  const [mentor, setMentor] = useState('');
  const [reason, setReason] = useState('');
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isSending, setIsSending] = useState(false);
  if (allowed.length === 0) return <p class="muted">No event moves a matching that is <strong>{matching.status}</strong>.</p>;
  const type = allowed.includes(chosen) ? chosen : (allowed[0] ?? '');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setIsSending(true);
    const [park, driver] = mentor.trim().split('_');
    const match = type === 'MATCHED' ? { mentor_park_id: park, mentor_driver_id: driver, connected_dttm: new Date().toISOString() } : {};
    try {
      const sent = await api.post<{ outcome: string; from: string; to: string }>(`/admin/v1/matchings/${matching.id}/events`, { type, ...match, reason });
      setOutcome(sent.outcome === 'moved' ? { tone: 'good', text: `Moved from ${sent.from} to ${sent.to}.` } : { tone: 'warn', text: `Ignored: nothing moves from ${sent.from} by ${type} now.` });
      setReason('');
      onSent();
    } catch (error) {
      setOutcome({ tone: 'bad', text: error instanceof Error ? error.message : String(error) });
    } finally {
      setIsSending(false);
    }
  };
  return (
    <form class="form" onSubmit={(event) => void send(event)}>
      <div class="field">
        <label for="event-type">Event</label>
        <select id="event-type" class="select" value={type} onChange={(event) => setChosen(event.currentTarget.value)}>
          {allowed.map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </div>
      {type === 'MATCHED' ? (
        <div class="field">
          <label for="event-mentor">Mentor</label>
          <input id="event-mentor" class="input" required pattern="[0-9A-Za-z\-]{1,64}_[0-9A-Za-z\-]{1,64}" title="<park_id>_<driver_id>" placeholder="<park_id>_<driver_id>" autocomplete="off" value={mentor} onInput={(event) => setMentor(event.currentTarget.value)} />
        </div>
      ) : null}
      <OperatorFields form="event" reason={reason} onReason={setReason} />
      {outcome === null ? null : <p class={`note ${outcome.tone}`} role="status">{outcome.text}</p>}
      <div><button type="submit" class="button primary" disabled={isSending}>Send</button></div>
    </form>
  );
}
