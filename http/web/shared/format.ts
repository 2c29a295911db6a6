// Times, durations and counts as the pages write them.
const moment = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const momentOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const whole = new Intl.NumberFormat(undefined);

export function timeText(iso: string): string {
  const at = new Date(iso);
  return (at.getFullYear() === new Date().getFullYear() ? moment : momentOfYear).format(at);
}

const units = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]] as const;

/** The two largest units: `3 d 4 h`, `12 s`, `340 ms`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const index = units.findIndex(([, size]) => ms >= size);
  const [[large, largeMs], small] = [units[index] ?? units[3], units[index + 1]];
  const count = Math.floor(ms / largeMs);
  const rest = small === undefined ? 0 : Math.floor((ms - count * largeMs) / small[1]);
  return rest === 0 || small === undefined ? `${count} ${large}` : `${count} ${large} ${rest} ${small[0]}`;
}

export function countText(count: number): string {
  return whole.format(count);
}

export function shareText(part: number, of: number): string {
  if (of === 0) return '–';
  const share = (part / of) * 100;
  return `${share > 0 && share < 10 ? share.toFixed(1) : Math.round(share)}%`;
}
