// Text forms of dates, times and intervals.
const intervalPattern = /^(-)?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?$/;
const timestampPattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z$/;
const dayMicros = 86_400_000_000n;

export function intervalMicros(text: string): bigint | null {
  const match = intervalPattern.exec(text);
  if (match === null || text.endsWith('P') || text.endsWith('T')) return null;
  const [weeks, days, hours, minutes, seconds] = match.slice(2, 7).map((part) => BigInt(part ?? 0));
  const whole = (
    (weeks ?? 0n) * 7n + (days ?? 0n)
  ) * dayMicros + (hours ?? 0n) * 3_600_000_000n + (minutes ?? 0n) * 60_000_000n + (seconds ?? 0n) * 1_000_000n;
  const micros = whole + BigInt((match[7] ?? '').padEnd(6, '0'));
  return match[1] === undefined ? micros : -micros;
}

export function timestampMicros(text: string): bigint | null {
  const match = timestampPattern.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1] ?? ''}Z`);
  return Number.isNaN(ms) || ms < 0 ? null : BigInt(ms) * 1_000n + BigInt((match?.[2] ?? '').padEnd(6, '0'));
}

export function timestampText(micros: bigint): string {
  const seconds = new Date(Number(micros / 1_000n)).toISOString().slice(0, 19);
  const fraction = String(micros % 1_000_000n).padStart(6, '0').replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}
