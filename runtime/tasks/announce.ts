// The `announce` task: push the change to the app, then move the matching. First the announcement, then the move (resolution A23):
// no status claims what was not accepted. Event ids are stable, so the app drops what a crash makes us say twice.
import { EventType, type AnnouncedEventType } from '../../machines/events.ts';
import { dueAnnouncement } from '../../machines/due.ts';
import type { Profile } from '../../machines/ids.ts';
import type { EpochMs } from '../../machines/matching-record.ts';
import { announcedStatus } from '../../machines/step.ts';
import type { Context } from '../context.ts';
import { ServiceError } from '../errors.ts';
import { countUnread, type DialogMoves } from '../messages/compose.ts';
import { countOutcomes, dispatchIn } from '../mentorship/dispatch.ts';
import type { AnnouncePayload } from '../mentorship/effects.ts';
import { factsOf } from '../mentorship/facts.ts';
import { MessageKind } from '../mentorship/participant.ts';
import type { DialogRecord, Role } from '../store.ts';
import type { ClientEvent, ClientEventOutcome } from '../upstream.ts';

const eventTtlSeconds = 7 * 24 * 3600;

interface Wording {
  readonly kind: MessageKind;
  readonly recipients: readonly Role[];
}

const announcements: Readonly<Record<AnnouncedEventType, Wording>> = {
  [EventType.MATCH_ANNOUNCED]: { kind: MessageKind.new_match, recipients: ['mentor', 'newbie'] },
  [EventType.PROGRESS_ANNOUNCED]: { kind: MessageKind.progress, recipients: ['mentor'] },
  [EventType.RESULT_ANNOUNCED]: { kind: MessageKind.result, recipients: ['mentor'] },
  [EventType.PROMOCODE_ANNOUNCED]: { kind: MessageKind.promocode, recipients: ['mentor'] },
};

/** One recipient's part of an announcement. */
interface Notice {
  readonly role: Role;
  readonly event: ClientEvent;
}

export async function announce(ctx: Context, payload: AnnouncePayload, signal: AbortSignal): Promise<void> {
  const dialog = await ctx.store.dialog(payload.matchingId);
  if (dialog === null || dialog.matching.epoch !== payload.epoch) return;
  const now = await ctx.store.now();
  const moves = movesToMake(ctx, { dialog, now }, payload.event);
  if (moves.length === 0) return;
  const accepted = new Set((await ctx.store.announcements(payload.matchingId)).map((record) => record.eventId));
  const waiting = noticesOf(dialogAfter(dialog, moves, now), payload.event).filter((notice) => !accepted.has(notice.event.eventId));
  const outcomes = waiting.length === 0 ? [] : await ctx.upstreams.clientEvents.push(waiting.map((notice) => notice.event), signal);
  await settle(ctx, { payload, moves, waiting, outcomes }, signal);
}

/** The moves this announcement makes, in order; none when a later one has overtaken it or nothing is due any more. */
function movesToMake(ctx: Context, { dialog, now }: { dialog: DialogRecord; now: EpochMs }, event: AnnouncedEventType): AnnouncedEventType[] {
  const facts = factsOf(now, dialog.results?.figures ?? null, ctx.config.programme.policy);
  const due = dueAnnouncement(dialog.matching, facts);
  return due.slice(0, due.indexOf(event) + 1);
}

/** What there will be to read once the moves are made. */
function dialogAfter({ matching, transitions }: DialogRecord, moves: readonly AnnouncedEventType[], now: EpochMs): DialogMoves {
  const made = moves.map((event) => ({ to: announcedStatus[event], epoch: matching.epoch, createdAt: now }));
  return { matching: { ...matching, status: made.at(-1)?.to ?? matching.status }, transitions: [...transitions, ...made] };
}

function noticesOf(dialog: DialogMoves, event: AnnouncedEventType): Notice[] {
  const { matching } = dialog;
  const { kind, recipients } = announcements[event];
  return recipients.flatMap((role) => {
    const recipient = addressOf(dialog, role);
    if (recipient === null) return [];
    const eventId = `${matching.id}:${announcedStatus[event]}:${matching.epoch}:${role}`;
    const payload = { matchingId: matching.id, kind, unread: countUnread(dialog, role) };
    return [{ role, event: { eventId, recipient, ttlSeconds: eventTtlSeconds, payload } }];
  });
}

function addressOf({ matching }: DialogMoves, role: Role): Profile | null {
  return role === 'mentor' ? matching.mentor : matching.newbie;
}

interface Pushed {
  readonly payload: AnnouncePayload;
  readonly moves: readonly AnnouncedEventType[];
  readonly waiting: readonly Notice[];
  readonly outcomes: readonly ClientEventOutcome[];
}

/** Remembers who accepted and, once all did, moves the matching: one transaction. */
async function settle(ctx: Context, { payload, moves, waiting, outcomes }: Pushed, signal: AbortSignal): Promise<void> {
  const { matchingId, epoch, event } = payload;
  const taken = waiting.filter((_, index) => outcomes[index]?.status !== 'rejected');
  const all = taken.length === waiting.length;
  const moved = await ctx.store.transact(async (tx) => {
    const acceptedAt = await tx.now();
    for (const { role, event: { eventId } } of taken) {
      await tx.recordAnnouncement({ eventId, matchingId, epoch, event, recipient: role, acceptedAt });
    }
    if (!all) return [];
    const commands = moves.map((type) => ({ matchingId, event: { type, epoch } }));
    return dispatchIn(tx, ctx, commands, { actor: 'task:announce' });
  }, signal);
  countOutcomes(ctx, moved);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (refused.length > 0) throw new ServiceError('announcement_refused', `client-events rejected ${refused.length} of ${waiting.length} events`);
}
