// Dialogs for tests: one by hand with plain defaults, or any that the lifecycle can produce.
import * as fc from 'fast-check';
import { type MatchingId, parseMatchingId, parseProfile, type Profile } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import type { DialogRecord, ProgressFigures, TransitionRecord } from '../../runtime/store.ts';

export const dayMs = 86_400_000;
/** 2024-01-01T00:00:00Z. */
export const start: EpochMs = 1_704_067_200_000;

export function profile(parkId: string, driverId: string): Profile {
  const parsed = parseProfile(parkId, driverId);
  if (parsed === null) throw new TypeError('a test names a profile that is none');
  return parsed;
}

export function matchingId(number: number): MatchingId {
  const parsed = parseMatchingId(`00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`);
  if (parsed === null) throw new TypeError('a test numbers a matching beyond its id');
  return parsed;
}

export const newbie = profile('park-1', 'newbie');
export const mentor = profile('park-2', 'mentor');

export const noFigures: ProgressFigures = {
  rate_avg_7d: null, rate_avg_14d: null, avg_dp_7d: null, avg_dp_14d: null,
  sh_7d: null, sh_14d: null, correct_answers: null, passed_test_flg: null,
};

export const someFigures: ProgressFigures = {
  rate_avg_7d: '4.87', rate_avg_14d: '4.91', avg_dp_7d: '92', avg_dp_14d: '95.5',
  sh_7d: '21', sh_14d: '43.25', correct_answers: '8', passed_test_flg: '1',
};

/** The path of statuses to each one, entered a day apart from `start`. */
const pathTo: Readonly<Record<Status, readonly Status[]>> = {
  created: [Status.created],
  requested: [Status.created, Status.requested],
  matched: [Status.created, Status.requested, Status.matched],
  initialized: [Status.created, Status.requested, Status.matched, Status.initialized],
  in_progress: [Status.created, Status.requested, Status.matched, Status.initialized, Status.in_progress],
  finished: [Status.created, Status.requested, Status.matched, Status.initialized, Status.in_progress, Status.finished],
  succeed: [Status.created, Status.requested, Status.matched, Status.initialized, Status.in_progress, Status.finished, Status.succeed],
  failed: [Status.created, Status.requested, Status.matched, Status.initialized, Status.in_progress, Status.finished, Status.failed],
};

/** When a matching made by {@link dialogOf} entered the status. */
export function enteredAt(status: Status): EpochMs {
  return start + (pathTo[status].length - 1) * dayMs;
}

export interface DialogOptions {
  readonly matching?: Partial<MatchingRecord>;
  readonly figures?: ProgressFigures | null;
  readonly transitions?: readonly TransitionRecord[];
}

export function dialogOf(status: Status, { matching: changes = {}, figures = null, transitions }: DialogOptions = {}): DialogRecord {
  const matching = { ...plainMatching(status), ...changes };
  const moves = transitions ?? pathTo[status].map((to, index) => move(matching, pathTo[status][index - 1] ?? null, to));
  const results = figures === null ? null : { matchingId: matching.id, newbie: matching.newbie, figures, updatedAt: start };
  return { matching, transitions: moves, results };
}

function plainMatching(status: Status): MatchingRecord {
  const path = pathTo[status];
  const matched = path.includes(Status.matched);
  const completed = status === Status.succeed || status === Status.failed;
  return {
    id: matchingId(1),
    createdAt: start,
    updatedAt: enteredAt(status),
    version: path.length,
    status,
    statusSince: enteredAt(status),
    epoch: matched ? 1 : 0,
    newbie,
    newbieUdid: null,
    mentor: matched ? mentor : null,
    mentorUdid: null,
    matchedAt: matched ? enteredAt(Status.matched) : null,
    originalConnectedAt: matched ? enteredAt(Status.matched) : null,
    mentorPromocode: status === Status.succeed ? 'DRIVE-WELL' : null,
    completedAt: completed ? enteredAt(status) : null,
    newbieLastReadAt: null,
    mentorLastReadAt: null,
  };
}

export function move(matching: MatchingRecord, from: Status | null, to: Status): TransitionRecord {
  const version = pathTo[to].length;
  return {
    id: `${matching.id}-${version}`,
    matchingId: matching.id,
    createdAt: enteredAt(to),
    from,
    to,
    event: 'MATCHED',
    actor: 'task:announce',
    epoch: version < pathTo.matched.length ? 0 : matching.epoch,
    version,
    reason: null,
  };
}

const anyFigure = fc.oneof(
  fc.constant(null),
  fc.double({ min: 0, max: 500, noNaN: true }).map(String),
  fc.constantFrom('', 'NaN', 'нет данных', '4,87', '-1', '1e9', '0x10', '  7 ', '1', '0', 'true'),
  fc.string(),
);

export const anyFigures: fc.Arbitrary<ProgressFigures> = fc.record({
  rate_avg_7d: anyFigure, rate_avg_14d: anyFigure, avg_dp_7d: anyFigure, avg_dp_14d: anyFigure,
  sh_7d: anyFigure, sh_14d: anyFigure, correct_answers: anyFigure, passed_test_flg: anyFigure,
});

const anyMark = fc.option(fc.integer({ min: start, max: start + 9 * dayMs }));
const anyMoment = fc.integer({ min: start, max: start + 9 * dayMs });

/** Any dialog between profiles of `pool`; its id is `number`'s. */
export function anyDialog(pool: readonly Profile[], number: number): fc.Arbitrary<DialogRecord> {
  const parts = fc.record({
    status: fc.constantFrom(...Object.values(Status)),
    newbie: fc.constantFrom(...pool),
    mentor: fc.constantFrom(...pool),
    matchedAt: anyMoment,
    newbieLastReadAt: anyMark,
    mentorLastReadAt: anyMark,
    promocode: fc.string({ minLength: 1 }),
    epoch: fc.integer({ min: 1, max: 3 }),
    figures: fc.option(anyFigures),
  });
  return parts.map(({ status, figures, promocode, epoch, ...sides }) => {
    const plain = plainMatching(status);
    const matched = plain.mentor === null ? { mentor: null, matchedAt: null } : { epoch };
    const mentorPromocode = plain.mentorPromocode === null ? null : promocode;
    return dialogOf(status, { matching: { ...sides, ...matched, id: matchingId(number), mentorPromocode }, figures });
  });
}
