// How commands speak: JSON on standard output for what was asked, one line on standard error for what went wrong.
import { ServiceError } from '../errors.ts';

export function print(answer: unknown): void {
  process.stdout.write(`${typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2)}\n`);
}

/** A mistake in the command line or its subject; the caller sees `message` alone. */
export function mistake(message: string): ServiceError {
  return new ServiceError('bad_config', message);
}
