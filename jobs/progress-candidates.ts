// Which matchings are old enough to be told of progress, and under which udid the CRM writes about them.
import type { MatchingId, Profile, Udid } from '../machines/ids.ts';
import { Status } from '../machines/status.ts';
import type { Context } from '../runtime/context.ts';
import { expandPeople } from './people.ts';
import { pagesOf } from './pages.ts';

/** A matching as it stood when the run began: what is read of it applies only while status and epoch are still these. */
export interface Candidate {
  readonly id: MatchingId;
  readonly newbie: Profile;
  readonly udid: Udid | null;
  readonly status: Status;
  readonly epoch: number;
}

export interface Candidates {
  readonly all: readonly Candidate[];
  readonly byUdid: ReadonlyMap<Udid, readonly MatchingId[]>;
}

export async function findCandidates(ctx: Context, signal: AbortSignal): Promise<Candidates> {
  const { progressAgeMs, resultAgeMs } = ctx.config.programme.policy;
  const all = [
    ...(await olderThan(ctx, Status.initialized, progressAgeMs, signal)),
    ...(await olderThan(ctx, Status.in_progress, resultAgeMs, signal)),
  ];
  const byUdid = new Map<Udid, MatchingId[]>();
  for (const { id, udid } of all) {
    if (udid !== null) byUdid.set(udid, [...(byUdid.get(udid) ?? []), id]);
  }
  return { all, byUdid };
}

async function olderThan(ctx: Context, status: Status, ageMs: number, signal: AbortSignal): Promise<Candidate[]> {
  // One more millisecond makes "before" include the matching that reached the age this very instant.
  const before = (await ctx.store.now()) - ageMs + 1;
  const found: Candidate[] = [];
  for await (const records of pagesOf((page) => ctx.store.matchedBefore(status, before, page), signal)) {
    const page = records.map(({ id, newbie, newbieUdid, epoch }) => ({ id, newbie, udid: newbieUdid, status, epoch }));
    found.push(...(await withUdids(ctx, page, signal)));
  }
  return found;
}

/** A udid that was unknown at the enrolment, or has changed since, is the one that driver-profiles knows now. */
async function withUdids(ctx: Context, page: readonly Candidate[], signal: AbortSignal): Promise<Candidate[]> {
  const { personOf } = await expandPeople(ctx.upstreams.driverProfiles, page.map(({ newbie }) => newbie), signal);
  return page.map((candidate) => ({ ...candidate, udid: personOf(candidate.newbie).udid ?? candidate.udid }));
}
