// YPath: `<append=%true>//home/a{x,y}[#1:#5]`, `#<id>/@attribute/key`, `//link&`, or the same with its attributes given apart.
import { commandError } from './errors.ts';
import { unwrap } from './formats.ts';
import { parseTextRanges, rangesOf, type RowRange } from './ranges.ts';
import { splitAttributes } from './yson-parser.ts';

export interface Path {
  readonly text: string;
  /** Id of the node it starts from; null for the root. */
  readonly objectId: string | null;
  readonly keys: readonly string[];
  /** Keys after `/@`; null when the path names a node. */
  readonly attribute: readonly string[] | null;
  /** `&` at the end: the link itself, and not what it stands for. */
  readonly itself: boolean;
  readonly append: boolean;
  readonly columns: readonly string[] | null;
  readonly ranges: readonly RowRange[];
  /** All that was given with the path, those above included. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export function parsePath(value: unknown): Path {
  const wrapped = unwrap(value);
  if (typeof wrapped.plain !== 'string') throw commandError(1, 'The path must be a string');
  const { attributes: leading, rest } = splitAttributes(wrapped.plain);
  const { text, columns, ranges } = splitSelectors(rest.trim());
  const attributes = { ...leading, ...wrapped.attributes };
  return {
    ...parseText(text),
    append: attributes['append'] === true || attributes['append'] === 'true',
    columns: columns ?? columnsOf(attributes['columns']),
    ranges: ranges ?? rangesOf(attributes),
    attributes,
  };
}

function parseText(text: string): Pick<Path, 'text' | 'objectId' | 'keys' | 'attribute' | 'itself'> {
  const start = /^#([0-9a-f-]+)|^\/(?=\/|$)/.exec(text);
  if (start === null) throw commandError(1, `Path ${text} must start with "/" or "#"`);
  const tokens = tokensOf(text, start[0].length);
  const at = tokens.findIndex((token) => token.startsWith('@'));
  const names = at === -1 ? tokens : tokens.slice(0, at);
  const itself = names.at(-1)?.endsWith('&') === true && names.at(-1)?.endsWith('\\&') === false;
  const keys = names.map((name, index) => unescapeToken(itself && index === names.length - 1 ? name.slice(0, -1) : name));
  const attribute = at === -1 ? null : [tokens[at]?.slice(1) ?? '', ...tokens.slice(at + 1)].filter((key) => key !== '').map(unescapeToken);
  return { text, objectId: start[1] ?? null, keys, attribute, itself };
}

function tokensOf(text: string, from: number): string[] {
  const rest = text.slice(from);
  if (rest === '') return [];
  if (!rest.startsWith('/')) throw commandError(1, `Unexpected token in path ${text}`);
  const tokens = rest.slice(1).split(/(?<!\\)\//);
  if (tokens.includes('')) throw commandError(1, `Path ${text} has an empty key`);
  return tokens;
}

function unescapeToken(token: string): string {
  return token.replaceAll(/\\(.)/g, '$1');
}

function splitSelectors(text: string): { text: string; columns: string[] | null; ranges: RowRange[] | null } {
  const parts = /^((?:[^\\{[]|\\.)*)(?:\{([^}]*)\})?(?:\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\])?$/.exec(text);
  if (parts === null) throw commandError(1, `Error parsing path ${text}`);
  const [, bare = '', columns, ranges] = parts;
  return {
    text: bare,
    columns: columns === undefined ? null : columns.split(',').map((name) => name.trim().replaceAll('"', '')).filter((name) => name !== ''),
    ranges: ranges === undefined ? null : parseTextRanges(ranges),
  };
}

function columnsOf(value: unknown): string[] | null {
  return Array.isArray(value) ? value.map(String) : null;
}
