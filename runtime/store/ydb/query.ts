// One query of several parts: each part names its parameters and what it answers, and all share one moment of the database's clock.
// The clock is selected last, so that a stream cut short, which the client library reports as success, shows by its absence.
import type { Ydb } from 'ydb-sdk';
import type { EpochMs } from '../../../machines/matching-record.ts';
import { type Fields, type Plan, rowsPlan, scalarPlan, type Shape, type TypeName, type Value } from './values.ts';

/** A text with its parameters: a type for a scalar, a shape for a list of rows. */
export interface Part {
  /** Unique among parts; `$`-names of the body begin with it or are its parameters. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, TypeName | Shape>>;
  readonly body: string;
  /** How many result sets the body answers. */
  readonly sets: number;
}

export type Arguments = Readonly<Record<string, Value | readonly Fields[]>>;

export interface BoundPart {
  readonly part: Part;
  readonly values: Arguments;
}

export interface Query {
  readonly text: string;
  readonly parameters: Record<string, Ydb.ITypedValue>;
  /** Result sets of each part, in order; the clock's stands after them. */
  readonly sets: readonly number[];
}

export function bind(part: Part, values: Arguments): BoundPart {
  return { part, values };
}

/** `givenMs`: a moment to take for the database's own, where a test makes its clock stand still. */
export function queryOf(bound: readonly BoundPart[], givenMs: EpochMs | null): Query {
  const parameters: Query['parameters'] = givenMs === null ? {} : { $now: encodeMoment(givenMs) };
  for (const each of bound) encodeInto(parameters, each);
  return {
    text: textOf(bound.map(({ part }) => part), givenMs === null ? databaseClock : givenClock),
    parameters,
    sets: bound.map(({ part }) => part.sets),
  };
}

const databaseClock = '$now = CurrentUtcTimestamp();';
const givenClock = 'DECLARE $now AS Timestamp;';
const texts = new Map<string, string>();

/** The same parts always give the same text, so that YDB compiles it once. */
export function textOf(parts: readonly Part[], clock: string = databaseClock): string {
  const key = [clock, ...parts.map(({ name }) => name)].join(' ');
  const known = texts.get(key);
  if (known !== undefined) return known;
  const declared = parts.flatMap(({ parameters }) => Object.entries(parameters));
  const declarations = declared.map(([name, type]) => `DECLARE $${name} AS ${typeText(type)};`);
  const bodies = parts.map(({ body }) => body.trim());
  const text = [...declarations, clock, ...bodies, 'SELECT $now AS now;'].join('\n');
  texts.set(key, text);
  return text;
}

function typeText(type: TypeName | Shape): string {
  if (typeof type === 'string') return type;
  return `List<Struct<${Object.entries(type).map(([name, member]) => `${name}:${member}`).join(',')}>>`;
}

interface Parameter {
  readonly name: string;
  /** As the wire names it. */
  readonly placeholder: string;
  readonly encode: (value: Arguments[string] | undefined) => Ydb.ITypedValue;
}

const encodeMoment = scalarPlan('Timestamp');
/** Parts are constants: what their types ask for is worked out once. */
const plans = new WeakMap<Part, readonly Parameter[]>();

function encodeInto(parameters: Query['parameters'], { part, values }: BoundPart): void {
  const known = plans.get(part) ?? planOf(part);
  for (const { name, placeholder, encode } of known) parameters[placeholder] = encode(values[name]);
}

function planOf(part: Part): readonly Parameter[] {
  const plan = Object.entries(part.parameters).map(([name, type]) => ({ name, placeholder: `$${name}`, encode: encoderOf(name, type) }));
  plans.set(part, plan);
  return plan;
}

function encoderOf(name: string, type: TypeName | Shape): Parameter['encode'] {
  const unfit = (): never => {
    throw new TypeError(`the parameter ${name} has no value of its type`);
  };
  if (typeof type === 'string') {
    const encode: Plan<Value> = scalarPlan(type);
    return (value) => (value === undefined || Array.isArray(value) ? unfit() : encode(value as Value));
  }
  const encode: Plan<readonly Fields[]> = rowsPlan(type);
  return (value) => (Array.isArray(value) ? encode(value as readonly Fields[]) : unfit());
}
