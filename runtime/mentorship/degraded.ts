// Reads that go on without an upstream: what is missing is named to the app instead of failing the whole answer (A19).
import { type ErrorCode, ServiceError } from '../errors.ts';

export const Upstream = { driver_profiles: 'driver-profiles', personal: 'personal' } as const;
export type Upstream = (typeof Upstream)[keyof typeof Upstream];

export interface MaybeDegraded<Value> {
  readonly value: Value;
  readonly degraded: readonly Upstream[];
}

const outages: ReadonlySet<ErrorCode> = new Set(['upstream_unavailable', 'upstream_reply_malformed', 'upstream_refused']);

/** The answer of `ask`, or that of `instead` when the upstream is out of order; any other error is thrown on. */
export async function unlessDown<Value>(upstream: Upstream, ask: () => Promise<Value>, instead: () => Value): Promise<MaybeDegraded<Value>> {
  try {
    return { value: await ask(), degraded: [] };
  } catch (error) {
    if (!(error instanceof ServiceError) || !outages.has(error.code)) throw error;
    return { value: instead(), degraded: [upstream] };
  }
}
