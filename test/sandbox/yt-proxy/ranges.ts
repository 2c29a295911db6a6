// Which rows of a table a path means: by row index, by key, or both.
import { commandError } from './errors.ts';
import type { Cut, Key } from './keys.ts';
import { parseYson } from './yson-parser.ts';

export interface RowRange {
  readonly start: number;
  /** Exclusive; null to the end. */
  readonly end: number | null;
  /** Keys, besides the indexes; null where they do not limit. */
  readonly from: Cut | null;
  readonly to: Cut | null;
}

interface Limit {
  readonly rowIndex: number | null;
  readonly cut: Cut | null;
}

export const everything: RowRange = { start: 0, end: null, from: null, to: null };

const none: Limit = { rowIndex: null, cut: null };
const bounds: Readonly<Record<string, boolean>> = { '>=': false, '>': true, '<': false, '<=': true };

/** Limits may stand in `ranges`, or beside it as older clients and resumed reads write them. */
export function rangesOf(attributes: Readonly<Record<string, unknown>>): RowRange[] {
  const { ranges } = attributes;
  if (Array.isArray(ranges)) return ranges.map((range) => rangeOf(range as Record<string, unknown>));
  return 'lower_limit' in attributes || 'upper_limit' in attributes ? [rangeOf(attributes)] : [everything];
}

/** The inside of `[#1:#5,(a,1):(b),"c"]`. */
export function parseTextRanges(text: string): RowRange[] {
  return splitOutside(text, ',').map((range) => {
    const [lower = '', upper, ...more] = splitOutside(range, ':');
    if (more.length > 0) throw commandError(1, `Error parsing range ${text}`);
    return upper === undefined ? exactly(textLimit(lower)) : between(textLimit(lower), textLimit(upper));
  });
}

function rangeOf(range: Readonly<Record<string, unknown>>): RowRange {
  if (range['exact'] !== undefined) return exactly(limitOf(range['exact']));
  return between(limitOf(range['lower_limit']), limitOf(range['upper_limit']));
}

function between(lower: Limit, upper: Limit): RowRange {
  return { start: lower.rowIndex ?? 0, end: upper.rowIndex, from: lower.cut, to: upper.cut };
}

function exactly({ rowIndex, cut }: Limit): RowRange {
  return {
    start: rowIndex ?? 0,
    end: rowIndex === null ? null : rowIndex + 1,
    from: cut,
    to: cut === null ? null : { ...cut, after: true },
  };
}

function limitOf(limit: unknown): Limit {
  if (typeof limit !== 'object' || limit === null) return none;
  const { row_index: rowIndex, key, key_bound: bound } = limit as { row_index?: unknown; key?: unknown; key_bound?: unknown };
  if (rowIndex !== undefined && typeof rowIndex !== 'number') throw commandError(1, 'The limit row_index must be a number');
  return { rowIndex: rowIndex ?? null, cut: boundOf(bound) ?? (Array.isArray(key) ? { prefix: key as Key, after: false } : null) };
}

function boundOf(bound: unknown): Cut | null {
  if (bound === undefined) return null;
  const [relation, prefix] = Array.isArray(bound) ? (bound as unknown[]) : [];
  const after = typeof relation === 'string' ? bounds[relation] : undefined;
  if (after === undefined || !Array.isArray(prefix)) throw commandError(1, 'Error parsing key bound');
  return { prefix, after };
}

function textLimit(text: string): Limit {
  const trimmed = text.trim();
  if (trimmed === '') return none;
  const index = /^#(\d+)$/.exec(trimmed);
  if (index !== null) return { rowIndex: Number(index[1]), cut: null };
  const inner = /^\((.*)\)$/s.exec(trimmed)?.[1] ?? trimmed;
  const prefix = splitOutside(inner, ',').map((value) => parseYson(Buffer.from(value.trim())));
  return { rowIndex: null, cut: { prefix, after: false } };
}

/** Splits where the separator stands in neither quotes nor brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts = [''];
  const pieces = text.match(/"(?:[^"\\]|\\.)*"|\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)|[\s\S]/g) ?? [];
  for (const piece of pieces) {
    if (piece === separator) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts;
}
