// What a command is: its kind, which decides the HTTP method, and a function from parameters to a result.
import { z } from 'zod';
import type { Cluster } from './cluster.ts';
import type { Transaction } from './cypress.ts';
import { commandError } from './errors.ts';
import type { Format } from './formats.ts';
import { parsePath, type Path } from './paths.ts';

export type DataType = 'null' | 'structured' | 'tabular';

export interface CommandCall {
  readonly cluster: Cluster;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly inputFormat: Format;
  readonly outputFormat: Format;
  /** The structured body. */
  readonly value: () => Promise<unknown>;
  /** The tabular body, row by row. */
  readonly rows: () => AsyncIterable<unknown>;
  /** Hosts that move rows. */
  readonly heavyHosts: () => readonly string[];
  /** Carries out another command in the place of this one. */
  readonly runPart: (name: string, parameters: Readonly<Record<string, unknown>>, input: unknown) => Promise<CommandResult>;
}

export type CommandResult =
  | { readonly kind: 'empty' }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'rows'; readonly pieces: AsyncIterable<Buffer>; readonly responseParameters: unknown };

export interface Command {
  readonly input: DataType;
  readonly output: DataType;
  readonly volatile: boolean;
  readonly heavy: boolean;
  readonly run: (call: CommandCall) => Promise<CommandResult> | CommandResult;
}

export const transactionId = z.string().optional();

/** A boolean parameter; some clients write it as text. False when absent. */
export const flag = flagByDefault(false);

export function flagByDefault(byDefault: boolean) {
  return z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).nullish().transform((value) => value ?? byDefault);
}

/** Parameters of the expected shape; unknown ones are ignored, as the cluster does. */
export function parameters<Shape extends z.ZodObject>(shape: Shape, call: CommandCall): z.output<Shape> {
  const parsed = shape.safeParse(call.parameters);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw commandError(1, `Error parsing parameters: ${issue?.path.join('/') ?? ''}: ${issue?.message ?? ''}`);
}

export function pathOf(call: CommandCall): Path {
  return parsePath(call.parameters['path']);
}

export function transactionOf(call: CommandCall): Transaction | null {
  const { transaction_id: id } = parameters(z.object({ transaction_id: transactionId }), call);
  return call.cluster.cypress.transaction(id);
}

/** API v4 wraps every reply in a map. */
export function valueResult(value: unknown): CommandResult {
  return { kind: 'value', value };
}
