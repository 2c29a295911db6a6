// The dashboard and the alert rules against a scrape of the service after a run: no query names what is not there.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { RunningWorld } from '../sandbox/running-world.ts';
import { readQuery, readScrape, type Selector } from './promql.ts';

const folder = join(import.meta.dirname, '../../docs/operations');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook_url: string };
  readonly labels?: { readonly severity: string };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const rules = (parse(read('prometheus/alerts.yaml')) as { groups: readonly { rules: readonly Rule[] }[] }).groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const dashboard = JSON.parse(read('grafana/mentorship.json')) as {
  panels: readonly Panel[]; templating: { list: readonly { query: { query?: string } }[] }; annotations: { list: readonly { expr: string }[] };
};
const queries = [
  ...rules.map(({ alert, record, expr }) => ({ place: alert ?? record ?? '', expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ place: `panel ${title}`, expr }))),
  ...dashboard.annotations.list.map(({ expr }) => ({ place: 'annotation', expr })),
];

/** What Prometheus adds to every series, or makes of its own. */
const targetLabels = new Set(['instance']);
const synthetic = new Set(['up', ...rules.flatMap(({ record }) => record ?? [])]);
/** Counters of what an outage of the store or a full disk causes, which this run has not: their labels, as runtime/metrics.ts has them. */
const silent: Readonly<Record<string, readonly string[]>> = {
  mentorship_spool_settled_total: ['outcome'], mentorship_spool_rejects_total: ['reason'], mentorship_spool_damaged_total: [],
};
/** Only a failure shows them: their series are there, these values are not. */
const failures = new Set(['status', 'outcome']);

let scrape: ReturnType<typeof readScrape>;
let world: RunningWorld;
beforeAll(async () => {
  const every = '500ms';
  world = await RunningWorld.start({
    drivers: 2, speed: 4, environment: { IMPORT_MATCHINGS_EVERY: every, IMPORT_RESULTS_EVERY: every, FINISH_PROGRAMME_EVERY: every, REPLICATE_EVERY: '2s', ARCHIVE_EVERY: '1h' },
  });
  await world.enrolEach(world.network.people.newbies);
  await world.untilSettled(2);
  const id = (await world.matchingOf(world.network.people.newbies[0]!))!.id;
  const event = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"type":"DEADLINE_PASSED","reason":"a test"}' };
  // What seldom happens has to have happened: an event that moves nothing, a read that fails.
  await fetch(`${world.adminUrl}/admin/v1/matchings/${id}/events`, event);
  await fetch(`${world.adminUrl}/admin/v1/rejects?cursor=nonsense`);
  const wanted = ['archive', 'replicate', 'finish-programme', 'import-results', 'import-matchings'];
  scrape = await world.until('a scrape with everything in it', async () => {
    const found = readScrape(await (await fetch(`${world.adminUrl}/metrics`)).text());
    const ended = (found.get('mentorship_job_runs_total') ?? []).filter(({ outcome }) => outcome === 'succeeded').map(({ job }) => job);
    return wanted.every((job) => ended.includes(job)) && found.has('mentorship_overdue_matchings') && found;
  });
}, 120_000);
afterAll(() => world.stop(), 30_000);

test.each(queries)('$place asks for series that exist: $expr', ({ expr }) => {
  const { selectors, grouping } = readQuery(expr);
  expect(selectors.length).toBeGreaterThan(0);
  for (const selector of selectors) expect(mistakeOf(selector), selector.metric).toBeNull();
  const known = new Set([...targetLabels, ...selectors.flatMap(({ metric }) => labelsOf(metric))]);
  expect(grouping.filter((label) => !known.has(label))).toEqual([]);
});

function labelsOf(metric: string): readonly string[] {
  const samples = scrape.get(metric) ?? [];
  return samples.length === 0 ? (silent[metric] ?? []) : samples.flatMap(Object.keys);
}

function mistakeOf({ metric, matchers }: Selector): string | null {
  if (synthetic.has(metric)) return null;
  const samples = scrape.get(metric);
  if (samples === undefined || (samples.length === 0 && silent[metric] === undefined)) return 'no such series';
  for (const { label, operator, value } of matchers) {
    if (targetLabels.has(label)) continue;
    const values = samples.flatMap((labels) => labels[label] ?? []);
    if (values.length === 0) return `no label ${label}`;
    const isMet = operator === '=' ? values.includes(value) : operator === '=~' ? values.some((one) => new RegExp(`^(?:${value})$`).test(one)) : true;
    if (!isMet && !failures.has(label)) return `no ${label}${operator}"${value}"`;
  }
  return null;
}

test('the check finds a metric, a label and a value that are not there', () => {
  const mistakes = ['nothing_total', 'mentorship_tasks{colour="red"}', 'mentorship_tasks{state="ended"}'].map((expr) => mistakeOf(readQuery(expr).selectors[0]!));
  expect(mistakes).toEqual(['no such series', 'no label colour', 'no state="ended"']);
});

test('the labels of metrics are of few values, and no id is among them', () => {
  for (const [name, samples] of scrape) {
    const values = samples.flatMap(({ le: _bound, ...labels }) => Object.values(labels));
    expect(new Set(values).size, name).toBeLessThan(60);
    expect(values.filter((value) => /[0-9a-f]{8}-[0-9a-f]{4}|\+7\d{10}|park|driver-\d/.test(value) && !value.startsWith('/')), name).toEqual([]);
  }
});

test('every alert has a severity and a runbook, and every runbook an alert', () => {
  const headings = read('runbooks.md').split('\n').flatMap((line) => /^## (\w+)$/.exec(line)?.[1] ?? []);
  expect(new Set(headings)).toEqual(new Set(alerts.map(({ alert }) => alert)));
  expect(headings).toHaveLength(alerts.length);
  for (const { alert = '', annotations, labels } of alerts) {
    expect(['page', 'ticket']).toContain(labels?.severity);
    const [file = '', anchor] = (annotations?.runbook_url ?? '').split('#');
    expect(existsSync(join(folder, dirname('prometheus/alerts.yaml'), file)), alert).toBe(true);
    expect(anchor).toBe(alert.toLowerCase());
  }
});

test('the panels fill their rows without overlapping', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const taken = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
    expect(x + w).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        expect(taken.has(`${column} ${line}`), title).toBe(false);
        taken.add(`${column} ${line}`);
      }
    }
  }
});
