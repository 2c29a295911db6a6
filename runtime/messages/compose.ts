// Chat messages of one dialog, derived from its status history each time they are read: nothing of a message is stored but the
// moment up to which a side has read. The promocode and the figures are reachable only from the mentor's texts.
import type { EpochMs } from '../../machines/matching-record.ts';
import { Status, visibleStatuses } from '../../machines/status.ts';
import { type ChatMessage, type Locale, MessageKind } from '../mentorship/participant.ts';
import type { DialogRecord, Role, TransitionRecord } from '../store.ts';
import { describeFigures, progressLines, resultLines } from './figures.ts';
import { naming, say, type TextKey } from './texts.ts';

export interface ContactNames {
  readonly contactFirstName: string | null;
}

/** What decides which messages there are. */
export interface DialogMoves extends Pick<DialogRecord, 'matching'> {
  readonly transitions: readonly Pick<TransitionRecord, 'to' | 'epoch' | 'createdAt'>[];
}

type Outline = Omit<ChatMessage, 'text'>;
type TextOf = (dialog: DialogRecord, names: ContactNames, locale: Locale) => string;

interface Rule {
  readonly kind: MessageKind;
  /** The message appears with the move to this status. */
  readonly at: Status;
  readonly text: TextOf;
}

const rules: Readonly<Record<Role, readonly Rule[]>> = {
  newbie: [
    { kind: MessageKind.new_match, at: Status.initialized, text: namedText('newbie_new_match') },
    { kind: MessageKind.completed, at: Status.succeed, text: namedText('newbie_completed') },
  ],
  mentor: [
    { kind: MessageKind.new_match, at: Status.initialized, text: namedText('mentor_new_match') },
    { kind: MessageKind.progress, at: Status.in_progress, text: figuresText('mentor_progress', progressLines) },
    { kind: MessageKind.result, at: Status.finished, text: figuresText('mentor_result', resultLines) },
    { kind: MessageKind.promocode, at: Status.succeed, text: promocodeText },
  ],
};

/** Oldest first; empty unless the dialog is in a status its participants may see. */
export function composeMessages(dialog: DialogRecord, viewer: Role, locale: Locale, names: ContactNames): ChatMessage[] {
  return outlines(dialog, viewer).map(({ outline, rule }) => ({ ...outline, text: rule.text(dialog, names, locale) }));
}

/** How many of the messages {@link composeMessages} gives are unread, without composing their texts. */
export function countUnread(dialog: DialogMoves, viewer: Role): number {
  return outlines(dialog, viewer).filter(({ outline }) => !outline.read).length;
}

function outlines(dialog: DialogMoves, viewer: Role): { outline: Outline; rule: Rule }[] {
  if (!visibleStatuses.includes(dialog.matching.status)) return [];
  return rules[viewer].flatMap((rule) => {
    const createdAt = enteredAt(dialog, rule.at);
    if (createdAt === null || (rule.kind === MessageKind.promocode && dialog.matching.mentorPromocode === null)) return [];
    return [{ rule, outline: outlineOf(dialog, viewer, rule.kind, createdAt) }];
  });
}

function outlineOf({ matching }: DialogMoves, viewer: Role, kind: MessageKind, createdAt: EpochMs): Outline {
  const readThrough = viewer === 'newbie' ? matching.newbieLastReadAt : matching.mentorLastReadAt;
  return { id: `${matching.id}:${matching.epoch}:${viewer}:${kind}`, kind, createdAt, read: readThrough !== null && createdAt <= readThrough };
}

// A rematch starts the dialog anew: moves of earlier epochs belong to another pair.
function enteredAt({ matching, transitions }: DialogMoves, status: Status): EpochMs | null {
  return transitions.find((move) => move.to === status && move.epoch === matching.epoch)?.createdAt ?? null;
}

function namedText(key: TextKey): TextOf {
  return (_dialog, names, locale) => say(locale, key, naming(names.contactFirstName));
}

function figuresText(heading: 'mentor_progress' | 'mentor_result', lines: typeof progressLines): TextOf {
  return (dialog, names, locale) => {
    const figures = describeFigures(lines, dialog.results?.figures ?? null, locale);
    const shown = figures.length > 0 ? 'yes' : 'no';
    return [say(locale, heading, { ...naming(names.contactFirstName), shown }), ...figures.map((line) => `• ${line}`)].join('\n');
  };
}

function promocodeText(dialog: DialogRecord, names: ContactNames, locale: Locale): string {
  return say(locale, 'mentor_promocode', { ...naming(names.contactFirstName), promocode: dialog.matching.mentorPromocode ?? '' });
}
