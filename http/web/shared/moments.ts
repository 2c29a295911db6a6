// Times and durations as people read them.

const units = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]] as const;

/** The largest unit, and the next where the number is small: `3 d 4 h`, `25 d`, `12 s`. */
export function durationText(ms: number): string {
  const rounded = Math.max(0, ms);
  const index = units.findIndex(([, size]) => rounded >= size);
  const unit = units[index];
  if (unit === undefined) return rounded < 1 ? '0 s' : `${Math.round(rounded)} ms`;
  const whole = Math.floor(rounded / unit[1]);
  const next = units[index + 1];
  const rest = next === undefined ? 0 : Math.floor((rounded - whole * unit[1]) / next[1]);
  return whole >= 10 || rest === 0 || next === undefined ? `${whole} ${unit[0]}` : `${whole} ${unit[0]} ${rest} ${next[0]}`;
}

/** `3 d`: where there is little room. */
export function shortDuration(ms: number): string {
  const unit = units.find(([, size]) => ms >= size) ?? units[3];
  return `${Math.max(0, Math.floor(ms / unit[1]))} ${unit[0]}`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** In the reader's zone. */
export function momentText(rfc3339: string): string {
  return dateTime.format(new Date(rfc3339));
}

export function clockText(ms: number): string {
  return clock.format(new Date(ms));
}

export function msBetween(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}
