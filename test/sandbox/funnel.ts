// How far the newbies have come: read from the store of the running service, as its admin funnel is.
import { finalStatuses, statuses, type Status } from '../../machines/status.ts';
import type { StoreReads } from '../../runtime/store.ts';

export interface Funnel {
  /** How many matchings ever reached each status. */
  readonly reached: Readonly<Record<Status, number>>;
  /** How many are in a final status now. */
  readonly ended: number;
}

export async function readFunnel(store: Pick<StoreReads, 'funnel'>): Promise<Funnel> {
  const stages = await store.funnel();
  const reached = Object.fromEntries(statuses.map((status) => [status, stages[status].reached])) as Record<Status, number>;
  return { reached, ended: finalStatuses.reduce((sum, status) => sum + stages[status].present, 0) };
}

/** Whether everybody who enrolled, at least `drivers` of them, has reached a final status. */
export function isSettled({ reached, ended }: Funnel, drivers: number): boolean {
  return reached.created >= drivers && ended === reached.created;
}

/** The funnel's line of contracts section 1, statuses in programme order. */
export function funnelLine({ reached }: Funnel): string {
  return JSON.stringify(Object.fromEntries(statuses.map((status) => [status, reached[status]])));
}
