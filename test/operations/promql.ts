// As much of PromQL as the dashboards and the alert rules use: which series an expression names, and by which labels.

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  /** Labels that it groups by. */
  readonly grouping: readonly string[];
}

const words: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool']);

export function readQuery(expression: string): Query {
  const groupings = [...expression.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)];
  const grouping = groupings.flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim()).filter((label) => label !== ''));
  // Without groupings and ranges what is left of the names are functions, words and series.
  const bare = expression.replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  const named = [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\()/g)];
  const selectors = named
    .filter(({ index, 0: whole }) => !isFunction(bare, index + whole.length) && !isInsideBraces(bare, index))
    .filter(([, metric = '']) => !words.has(metric))
    .map(([, metric = '', braces = '']) => ({ metric, matchers: matchersOf(braces) }));
  return { selectors, grouping };
}

function matchersOf(braces: string): Selector['matchers'] {
  return [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', operator = '', value = '']) => ({ label, operator, value }));
}

function isFunction(text: string, end: number): boolean {
  return /^\w*\s*\(/.test(text.slice(end));
}

function isInsideBraces(text: string, at: number): boolean {
  return text.lastIndexOf('{', at) > text.lastIndexOf('}', at);
}

/** The samples of a scrape: label sets by the name of the series. A metric that is declared and has counted nothing has none. */
export function readScrape(text: string): ReadonlyMap<string, readonly Readonly<Record<string, string>>[]> {
  const samples = new Map<string, Record<string, string>[]>();
  for (const line of text.split('\n')) {
    const [, declared] = /^# TYPE (\S+) counter$/.exec(line) ?? [];
    if (declared !== undefined) samples.set(declared, []);
    const [, name, braces = ''] = /^([a-zA-Z_:][\w:]*)(\{.*\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = Object.fromEntries([...braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [label, value]));
    samples.set(name, [...(samples.get(name) ?? []), labels]);
  }
  return samples;
}
