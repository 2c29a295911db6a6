// What came over the socket, kept as long as it is worth showing: the feed of moves, lights on arrows, runs of live actors.
import { useCallback, useRef, useState } from 'preact/hooks';
import type { LiveMove, MovesFrame, StepFrame } from './live.ts';

const feedLimit = 60;
const pulseLimit = 24;
/** Of each machine. */
const runLimit = 24;
const stepsLimit = 60;

export interface FeedEntry extends LiveMove {
  /** When it was seen, in the reader's time. */
  readonly seenAtMs: number;
}

/** A light that runs along an arrow once. */
export interface Pulse {
  readonly key: number;
  readonly edge: string;
  readonly count: number;
}

/** One life of one actor, from its start to its end. */
export interface Run {
  readonly key: string;
  readonly machine: 'application' | 'import';
  readonly entity: string;
  readonly steps: readonly StepFrame[];
}

export interface Happenings {
  readonly feed: readonly FeedEntry[];
  readonly pulses: readonly Pulse[];
  readonly runs: readonly Run[];
  readonly skipped: boolean;
  readonly addMoves: (frame: MovesFrame) => void;
  readonly addStep: (frame: StepFrame) => void;
  readonly endPulse: (key: number) => void;
}

export function useHappenings(): Happenings {
  const [feed, setFeed] = useState<readonly FeedEntry[]>([]);
  const [pulses, setPulses] = useState<readonly Pulse[]>([]);
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const [skipped, setSkipped] = useState(false);
  const keyRef = useRef(0);
  const addMoves = useCallback((frame: MovesFrame) => {
    const seenAtMs = Date.now();
    const fresh = frame.moves.map((move) => ({ ...move, seenAtMs })).toReversed();
    setFeed((before) => [...fresh, ...before].slice(0, feedLimit));
    setSkipped(frame.skipped);
    const lights = Object.entries(frame.edges).map(([edge, count], index) => ({ key: keyRef.current + index, edge, count }));
    keyRef.current += lights.length;
    setPulses((before) => [...before, ...lights].slice(-pulseLimit));
  }, []);
  const addStep = useCallback((frame: StepFrame) => setRuns((before) => withStep(before, frame)), []);
  const endPulse = useCallback((key: number) => setPulses((before) => before.filter((pulse) => pulse.key !== key)), []);
  return { feed, pulses, runs, skipped, addMoves, addStep, endPulse };
}

/** The latest run first. A run that is told of again, after a new connection, only grows by what is new. */
export function withStep(runs: readonly Run[], step: StepFrame): readonly Run[] {
  const { machine, entity, started_at } = step;
  const key = `${machine}:${entity}:${started_at}`;
  const run = runs.find((one) => one.key === key) ?? { key, machine, entity, steps: [] };
  if (run.steps.some(({ at, event }) => at === step.at && event === step.event && at !== started_at)) return runs;
  const grown = { ...run, steps: [...run.steps, step].slice(-stepsLimit) };
  const [own, others] = [runs.filter((one) => one.machine === machine && one.key !== key), runs.filter((one) => one.machine !== machine)];
  return [grown, ...own.slice(0, runLimit - 1), ...others];
}
