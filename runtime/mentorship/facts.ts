// What the machine's guards may know besides the row: database time, policy, and which of the CRM's figures have arrived.
import type { EpochMs, Facts, LifecyclePolicy } from '../../machines/matching-record.ts';
import type { ProgressFigures } from '../store.ts';

/** One figure of an age is enough: the CRM leaves a rating empty for who was never rated. */
export function factsOf(now: EpochMs, figures: ProgressFigures | null, policy: LifecyclePolicy): Facts {
  return {
    now,
    hasProgress7d: figures !== null && [figures.rate_avg_7d, figures.avg_dp_7d, figures.sh_7d].some(isPresent),
    hasProgress14d: figures !== null && [figures.rate_avg_14d, figures.avg_dp_14d, figures.sh_14d].some(isPresent),
    policy,
  };
}

function isPresent(figure: string | null): boolean {
  return figure !== null;
}
