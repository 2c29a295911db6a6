// How long matchings stayed in a status, estimated from this instance's histogram: it costs no query however many there are.
import type { Status } from '../machines/status.ts';
import type { HistogramSample, Metrics } from './metrics.ts';

export interface StageTime {
  /** Matchings that left the status since this instance started. */
  readonly count: number;
  readonly medianMs: number;
  readonly p90Ms: number;
}

/** Null where nobody has left the status yet. */
export async function stageTimes(metrics: Pick<Metrics, 'stageDuration' | 'carried'>): Promise<(status: Status) => StageTime | null> {
  const own = await metrics.stageDuration.get();
  const samples = [own, metrics.carried.get(own.name)].filter((sample) => sample !== undefined);
  return (status) => {
    const buckets = bucketsOf(samples, status);
    const count = buckets.at(-1)?.total ?? 0;
    if (count === 0) return null;
    return { count, medianMs: quantileMs(buckets, count / 2), p90Ms: quantileMs(buckets, count * 0.9) };
  };
}

interface Bucket {
  readonly upToSeconds: number;
  /** Of this bucket and all before it. */
  readonly total: number;
}

function bucketsOf(samples: readonly HistogramSample[], status: Status): Bucket[] {
  const totals = new Map<number, number>();
  for (const { labels, metricName = '', value } of samples.flatMap(({ values }) => values)) {
    if (labels['status'] !== status || !metricName.endsWith('_bucket')) continue;
    const upTo = Number(String(labels['le']).replace('+Inf', 'Infinity'));
    totals.set(upTo, (totals.get(upTo) ?? 0) + value);
  }
  return [...totals].map(([upToSeconds, total]) => ({ upToSeconds, total })).sort((a, b) => a.upToSeconds - b.upToSeconds);
}

/** As Prometheus does: evenly spread inside the bucket, and never past the last bound. */
function quantileMs(buckets: readonly Bucket[], rank: number): number {
  const index = buckets.findIndex(({ total }) => total >= rank);
  const { upToSeconds, total } = buckets[index] ?? { upToSeconds: 0, total: 0 };
  const { upToSeconds: fromSeconds, total: before } = buckets[index - 1] ?? { upToSeconds: 0, total: 0 };
  if (!Number.isFinite(upToSeconds)) return fromSeconds * 1_000;
  const share = total === before ? 1 : (rank - before) / (total - before);
  return Math.round((fromSeconds + share * (upToSeconds - fromSeconds)) * 1_000);
}
