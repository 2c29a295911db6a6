// A way through a history: a slider, a mark for each step, and a button that plays it.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface Mark {
  readonly label: string;
  /** Colours the dot. */
  readonly status?: string;
  readonly hint: string;
}

export interface TimelineProps {
  readonly marks: readonly Mark[];
  /** From 1; the last one is the present. */
  readonly at: number;
  readonly onMove: (step: number) => void;
  /** What the reader is told of the step. */
  readonly spoken: string;
}

const playEveryMs = 900;

export function Timeline({ marks, at, onMove, spoken }: TimelineProps): JSX.Element {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    if (at >= marks.length) {
      setPlaying(false);
      return undefined;
    }
    const timer = window.setTimeout(() => onMove(at + 1), playEveryMs);
    return () => window.clearTimeout(timer);
  }, [playing, at, marks.length, onMove]);
  const play = (): void => {
    if (!playing && at >= marks.length) onMove(1);
    setPlaying(!playing);
  };
  const move = (step: number): void => {
    setPlaying(false);
    onMove(step);
  };
  return (
    <div class="timeline">
      <div class="timeline-buttons">
        <button type="button" class="button quiet" aria-label="Step back" disabled={at <= 1} onClick={() => move(at - 1)}>◀</button>
        <button type="button" class="button" onClick={play} disabled={marks.length < 2}>{playing ? 'Pause' : 'Play'}</button>
        <button type="button" class="button quiet" aria-label="Step on" disabled={at >= marks.length} onClick={() => move(at + 1)}>▶</button>
      </div>
      <div class="timeline-track">
        <input
          type="range" class="slider" min={1} max={Math.max(1, marks.length)} step={1} value={at} aria-label="Step of the history" aria-valuetext={spoken}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
        <ol class="marks">
          {marks.map(({ label, status, hint }, index) => (
            // A step keeps its number.
            // oxlint-disable-next-line react/no-array-index-key
            <li key={index}>
              <button type="button" class="mark" data-status={status} aria-current={index + 1 === at ? 'step' : undefined} title={hint} onClick={() => move(index + 1)}>
                <span class="dot" /><span class="mark-label">{label}</span>
              </button>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
