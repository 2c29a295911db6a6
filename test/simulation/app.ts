// The drivers' app behind client-events: takes each event once by its id, and remembers what it showed to whom and when.
import { profileKey, type ProfileKey } from '../../machines/ids.ts';
import type { ClientEvent, ClientEventOutcome } from '../../runtime/upstream.ts';

export interface Shown {
  readonly eventId: string;
  readonly matchingId: string;
  readonly kind: string;
  readonly recipient: ProfileKey;
  readonly atMs: number;
}

export class App {
  readonly shown = new Map<string, Shown>();
  duplicates = 0;

  take({ eventId, recipient, payload }: ClientEvent, atMs: number): ClientEventOutcome {
    if (this.shown.has(eventId)) {
      this.duplicates += 1;
      return { eventId, status: 'duplicate', reason: null };
    }
    this.shown.set(eventId, { eventId, matchingId: payload.matchingId, kind: payload.kind, recipient: profileKey(recipient), atMs });
    return { eventId, status: 'accepted', reason: null };
  }

  /** Whether the recipient was shown it at or after the moment. */
  wasShown(matchingId: string, kind: string, recipient: ProfileKey, sinceMs: number): boolean {
    return [...this.shown.values()].some((one) =>
      one.matchingId === matchingId && one.kind === kind && one.recipient === recipient && one.atMs >= sinceMs);
  }
}
