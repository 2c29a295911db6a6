// Who acts and why, as options of the commands that change something.
import { InvalidArgumentError, Option } from 'commander';
import { holdsPhone, isActor, unnamedOperator, type Operator } from '../operator-actions.ts';

export interface OperatorOptions {
  readonly operator: string;
  readonly reason?: string;
}

export function operatorOption(): Option {
  return new Option('--operator <name>', 'who acts; kept with the action').default(unnamedOperator).argParser(actor);
}

export function reasonOption(): Option {
  return new Option('--reason <text>', 'why; kept with the action').argParser(reason);
}

export function operatorOf(options: OperatorOptions): Operator {
  return { actor: options.operator, reason: options.reason ?? null };
}

function actor(text: string): string {
  if (!isActor(text)) throw new InvalidArgumentError('Must be up to 64 of 0-9, A-Z, a-z and ._@-, and no phone number.');
  return text;
}

function reason(text: string): string {
  if (holdsPhone(text)) throw new InvalidArgumentError('Must hold no phone number.');
  return text;
}
