// What the log may say of a failure: its code and where in the code it happened. A message may quote what came from outside.
import { problemCode } from './problem.ts';

const shownFrames = 8;

export interface FailureFields {
  readonly code: string;
  /** Stack frames of the error and of its causes, innermost cause last. */
  readonly at: readonly string[];
}

export function failureFields(error: unknown): FailureFields {
  return { code: problemCode(error), at: framesOf(error) };
}

function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).slice(0, shownFrames);
  return [...frames.map((line) => `${error.name} ${line.trim()}`), ...framesOf(error.cause)];
}
