// The eight statuses of a matching, in programme order, and the groups of them the rules speak of.

export const Status = {
  created: 'created',
  requested: 'requested',
  matched: 'matched',
  initialized: 'initialized',
  in_progress: 'in_progress',
  finished: 'finished',
  succeed: 'succeed',
  failed: 'failed',
} as const;
export type Status = (typeof Status)[keyof typeof Status];

export const statuses: readonly Status[] = Object.values(Status);

/** Statuses in which the two participants see each other (requirements section 3.1, promise S5). */
export const visibleStatuses: readonly Status[] = [Status.initialized, Status.in_progress, Status.finished, Status.succeed];

/** Statuses no programme step leaves, save a late promocode. */
export const finalStatuses: readonly Status[] = [Status.succeed, Status.failed];

export function isStatus(value: unknown): value is Status {
  return typeof value === 'string' && Object.hasOwn(Status, value);
}
