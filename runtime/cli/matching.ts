// matching and event: one matching with all that is known of it, and an operator's event sent to it.
import { Command } from 'commander';
import { EventType, isEventType, type LifecycleEvent } from '../../machines/events.ts';
import { parseMatchingId, parseProfileKey, type MatchingId, type Profile } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { compose, openStore } from '../compose.ts';
import { readConfig, readStoreConfig } from '../config/config.ts';
import { allowedEvents, sendEvent } from '../mentorship/operator.ts';
import { createLog, standardError } from '../log.ts';
import type { Store } from '../store.ts';
import { operatorOption, reasonOption, type OperatorOptions } from './operator.ts';
import { timeText } from '../time-text.ts';
import { mistake, print } from './output.ts';

export function matchingCommand(): Command {
  return new Command('matching')
    .description('print one matching: its row, moves, tasks, announcements, figures and the events its status takes')
    .argument('<id>', 'id of the matching')
    .action(async (id: string) => {
      const { store } = openStore(readStoreConfig(process.env));
      try {
        print(await describeMatching(store, await matchingNamed(store, id)));
      } finally {
        await store.close();
      }
    });
}

interface EventOptions extends OperatorOptions {
  readonly reason: string;
  readonly mentor?: string;
  readonly connected?: string;
}

export function eventCommand(): Command {
  return new Command('event')
    .description('send an event to a matching, through the same dispatch as everything else')
    .argument('<id>', 'id of the matching')
    .argument('<type>', 'event type, such as DEADLINE_PASSED')
    .addOption(reasonOption().default('not given'))
    .addOption(operatorOption())
    .option('--mentor <park_driver>', 'MATCHED: the mentor as <park_id>_<driver_id>')
    .option('--connected <time>', 'MATCHED: when the CRM connected them, RFC 3339')
    .action(async (id: string, type: string, options: EventOptions) => {
      const composed = await compose(readConfig(process.env), { log: createLog('warn', standardError()) });
      try {
        const { id: matchingId } = await matchingNamed(composed.ctx.store, id);
        const operator = { actor: options.operator, reason: options.reason };
        const mentor = type === EventType.MATCHED ? mentorOf(options) : undefined;
        print(await sendEvent(composed.ctx, { matchingId, mentor, eventOf: (present) => eventOf(type, present, options), operator }));
      } finally {
        await composed.close();
      }
    });
}

async function matchingNamed(store: Store, text: string): Promise<MatchingRecord> {
  const id: MatchingId | null = parseMatchingId(text);
  if (id === null) throw mistake('<id>: is not a matching id (a lower-case UUID)');
  const [record] = await store.matchings([id]);
  if (record === undefined) throw mistake('<id>: there is no such matching');
  return record;
}

async function describeMatching(store: Store, matching: MatchingRecord): Promise<unknown> {
  const [transitions, tasks, announcements, results] = await Promise.all([
    store.transitions(matching.id),
    store.tasksOfMatching(matching.id),
    store.announcements(matching.id),
    store.results([matching.id]),
  ]);
  return { matching, transitions, tasks, announcements, results: results[0] ?? null, allowed_events: allowedEvents(matching) };
}

function eventOf(type: string, record: MatchingRecord, options: EventOptions): LifecycleEvent {
  if (!isEventType(type)) throw mistake('<type>: is not an event of the lifecycle');
  return makers[type](record, options);
}

const announced = (type: 'MATCH_ANNOUNCED' | 'PROGRESS_ANNOUNCED' | 'RESULT_ANNOUNCED' | 'PROMOCODE_ANNOUNCED') =>
  ({ epoch }: MatchingRecord): LifecycleEvent => ({ type, epoch });

const makers: Readonly<Record<EventType, (record: MatchingRecord, options: EventOptions) => LifecycleEvent>> = {
  ENROLLED: () => {
    throw mistake('<type>: a matching begins with a driver\'s consent, not here');
  },
  APPLICATION_WRITTEN: () => ({ type: 'APPLICATION_WRITTEN' }),
  MATCHED: (_record, options) => matchedEvent(options),
  MATCH_ANNOUNCED: announced('MATCH_ANNOUNCED'),
  PROGRESS_ANNOUNCED: announced('PROGRESS_ANNOUNCED'),
  RESULT_ANNOUNCED: announced('RESULT_ANNOUNCED'),
  PROMOCODE_ANNOUNCED: announced('PROMOCODE_ANNOUNCED'),
  DEADLINE_PASSED: () => ({ type: 'DEADLINE_PASSED' }),
};

function mentorOf({ mentor }: EventOptions): Profile {
  const profile = parseProfileKey(mentor);
  if (profile === null) throw mistake('--mentor: MATCHED needs <park_id>_<driver_id>');
  return profile;
}

function matchedEvent(options: EventOptions): LifecycleEvent {
  const time = timeText.safeParse(options.connected);
  if (!time.success) throw mistake('--connected: MATCHED needs an RFC 3339 time');
  return { type: 'MATCHED', mentor: mentorOf(options), mentorUdid: null, connectedAt: Date.parse(time.data) };
}
