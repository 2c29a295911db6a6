// What happened, as one number and as the last lines of text: equal seeds must give equal traces.

export interface Trace {
  note(atMs: number, text: string): void;
  readonly hash: string;
  /** The last happenings, oldest first. */
  readonly lines: readonly string[];
}

const multiplier = 0x0100_0193;

/** FNV-1a over every note. `keep`: how many lines are kept as text. */
export function createTrace(keep: number): Trace {
  let hash = 0x811c_9dc5;
  let other = 0x1b87_3593;
  const lines: string[] = [];
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, multiplier);
    other = Math.imul(other ^ (value + 1), 0x85eb_ca6b) ^ (hash >>> 15);
  };
  return {
    note: (atMs, text) => {
      mix(atMs | 0);
      for (let index = 0; index < text.length; index += 1) mix(text.charCodeAt(index));
      if (keep === 0) return;
      lines.push(`${new Date(atMs).toISOString()} ${text}`);
      if (lines.length > keep) lines.shift();
    },
    get hash() {
      return [hash, other].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
    },
    lines,
  };
}
