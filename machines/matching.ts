// The lifecycle of one matching: exactly the table of requirements section 2. Pure: guards read the record and the facts, actions
// either assign columns or only name effects. step.ts runs it; nothing else may.
import { assign, setup } from 'xstate';
import { EffectType } from './effects.ts';
import { EventType, type AnnouncedEvent, type AnnouncedEventType, type EnrolledEvent, type LifecycleEvent, type MatchedEvent } from './events.ts';
import { sameProfile } from './ids.ts';
import type { Facts, MatchingRecord } from './matching-record.ts';

export interface LifecycleContext {
  /** Null only before the enrolment. */
  readonly record: MatchingRecord | null;
  readonly facts: Facts;
}

interface AnnounceParams {
  readonly event: AnnouncedEventType;
}

function held(context: LifecycleContext): MatchingRecord {
  if (context.record === null) throw new TypeError('a matching past its enrolment has a record');
  return context.record;
}

function ageMs(context: LifecycleContext): number {
  const { matchedAt } = held(context);
  return matchedAt === null ? -1 : context.facts.now - matchedAt;
}

function isNewer(context: LifecycleContext, event: MatchedEvent): boolean {
  const { originalConnectedAt, newbie, newbieUdid } = held(context);
  if (sameProfile(event.mentor, newbie) || (newbieUdid !== null && newbieUdid === event.mentorUdid)) return false;
  return originalConnectedAt === null || event.connectedAt > originalConnectedAt;
}

function isSameMentor(record: MatchingRecord, event: MatchedEvent): boolean {
  if (record.mentor === null) return false;
  if (sameProfile(record.mentor, event.mentor)) return true;
  return record.mentorUdid !== null && record.mentorUdid === event.mentorUdid;
}

function isPresentMatch(context: LifecycleContext, event: AnnouncedEvent): boolean {
  return event.epoch === held(context).epoch;
}

function isDeadlineOver({ record, facts }: LifecycleContext): boolean {
  if (record === null || record.matchedAt === null || record.mentorPromocode !== null) return false;
  const pastAge = facts.now - record.matchedAt > facts.policy.failAgeMs;
  return pastAge && facts.now - record.statusSince >= facts.policy.failGraceMs;
}

function matchedOf(event: LifecycleEvent): MatchedEvent {
  if (event.type !== EventType.MATCHED) throw new TypeError(`expected MATCHED, got ${event.type}`);
  return event;
}

function announcedOf(event: LifecycleEvent): AnnouncedEvent {
  if (!('epoch' in event)) throw new TypeError(`expected an announced event, got ${event.type}`);
  return event;
}

const lifecycle = setup({
  types: {
    context: {} as LifecycleContext,
    events: {} as LifecycleEvent,
    input: {} as LifecycleContext,
  },
  guards: {
    isNewerRow: ({ context, event }) => isNewer(context, matchedOf(event)),
    isNewerRowWithAnotherMentor: ({ context, event }) =>
      isNewer(context, matchedOf(event)) && !isSameMentor(held(context), matchedOf(event)),
    isPresentMatch: ({ context, event }) => isPresentMatch(context, announcedOf(event)),
    isProgressDue: ({ context, event }) =>
      isPresentMatch(context, announcedOf(event)) && ageMs(context) >= context.facts.policy.progressAgeMs && context.facts.hasProgress7d,
    isResultDue: ({ context, event }) =>
      isPresentMatch(context, announcedOf(event)) && ageMs(context) >= context.facts.policy.resultAgeMs && context.facts.hasProgress14d,
    hasPromocode: ({ context, event }) =>
      isPresentMatch(context, announcedOf(event)) && held(context).mentorPromocode !== null,
    hasLatePromocode: ({ context, event }) =>
      isPresentMatch(context, announcedOf(event)) && held(context).mentorPromocode !== null && context.facts.policy.latePromocodeReopens,
    isDeadlineOver: ({ context }) => isDeadlineOver(context),
  },
  actions: {
    enrol: assign(({ context, event }) => {
      if (event.type !== EventType.ENROLLED) throw new TypeError(`expected ENROLLED, got ${event.type}`);
      return { record: newRecord(event, context.facts) };
    }),
    startMatch: assign(({ context, event }) => ({ record: startMatch(held(context), matchedOf(event), context.facts) })),
    noteConnection: assign(({ context, event }) => ({
      record: { ...held(context), originalConnectedAt: matchedOf(event).connectedAt },
    })),
    complete: assign(({ context }) => ({ record: { ...held(context), completedAt: context.facts.now } })),
    [EffectType.create_application]: () => {},
    [EffectType.announce]: (_args, _params: AnnounceParams) => {},
    [EffectType.retire_results]: () => {},
  },
});

function newRecord({ matchingId, newbie, newbieUdid, askedAt }: EnrolledEvent, { now }: Facts): MatchingRecord {
  return {
    id: matchingId,
    createdAt: Math.min(askedAt ?? now, now),
    updatedAt: now,
    version: 0,
    status: 'created',
    statusSince: now,
    epoch: 0,
    newbie,
    newbieUdid,
    mentor: null,
    mentorUdid: null,
    matchedAt: null,
    originalConnectedAt: null,
    mentorPromocode: null,
    completedAt: null,
    newbieLastReadAt: null,
    mentorLastReadAt: null,
  };
}

function startMatch(record: MatchingRecord, event: MatchedEvent, facts: Facts): MatchingRecord {
  return {
    ...record,
    epoch: record.epoch + 1,
    mentor: event.mentor,
    mentorUdid: event.mentorUdid,
    matchedAt: facts.now,
    originalConnectedAt: event.connectedAt,
    mentorPromocode: null,
    newbieLastReadAt: null,
    mentorLastReadAt: null,
  };
}

const announceMatch = { type: EffectType.announce, params: { event: EventType.MATCH_ANNOUNCED } } as const;
const firstMatch = { target: 'matched', guard: 'isNewerRow', actions: ['startMatch', announceMatch] } as const;

// A newer row that keeps the mentor only moves the date: otherwise an older row read later would win over it.
const rematch = [
  {
    target: 'matched',
    guard: 'isNewerRowWithAnotherMentor',
    reenter: true,
    actions: [EffectType.retire_results, 'startMatch', announceMatch],
  },
  { guard: 'isNewerRow', actions: 'noteConnection' },
] as const;

export const matchingMachine = lifecycle.createMachine({
  id: 'matching',
  initial: 'absent',
  context: ({ input }) => input,
  // A guard or an eventless loop gone wrong ends in an error, not in a hung process.
  options: { maxIterations: 100 },
  states: {
    absent: {
      description: 'Nobody enrolled',
      on: { ENROLLED: { target: 'created', actions: ['enrol', EffectType.create_application] } },
    },
    created: {
      description: 'The newbie asked to take part',
      on: { APPLICATION_WRITTEN: 'requested', MATCHED: firstMatch },
    },
    requested: {
      description: 'The application was written to YT',
      on: { MATCHED: firstMatch },
    },
    matched: {
      description: 'The CRM matched the newbie with a mentor',
      on: { MATCH_ANNOUNCED: { target: 'initialized', guard: 'isPresentMatch' }, MATCHED: rematch },
    },
    initialized: {
      description: 'Both were told about each other',
      on: { PROGRESS_ANNOUNCED: { target: 'in_progress', guard: 'isProgressDue' }, MATCHED: rematch },
    },
    in_progress: {
      description: 'The mentor was told about the progress after 7 days',
      on: { RESULT_ANNOUNCED: { target: 'finished', guard: 'isResultDue' }, MATCHED: rematch },
    },
    finished: {
      description: 'The mentor was told about the final progress after 14 days',
      on: {
        PROMOCODE_ANNOUNCED: { target: 'succeed', guard: 'hasPromocode', actions: 'complete' },
        DEADLINE_PASSED: { target: 'failed', guard: 'isDeadlineOver', actions: 'complete' },
      },
    },
    succeed: { description: 'The newbie passed; a promocode was issued and the mentor told' },
    failed: {
      description: 'The newbie did not pass',
      on: { PROMOCODE_ANNOUNCED: { target: 'succeed', guard: 'hasLatePromocode', actions: 'complete' } },
    },
  },
});
