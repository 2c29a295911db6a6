// One example for each endpoint, for the documents: what is sent and what comes back. Ids that only a running world can tell are named in
// `live`; a reader of the written call has them in shell variables.

import { statuses } from '../machines/status.ts';

export interface RouteExample {
  /** Path parameters; one that `live` names differs from world to world. */
  readonly params?: Readonly<Record<string, string>>;
  readonly live?: Readonly<Record<string, 'MATCHING' | 'TASK'>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly status: number;
  /** Undefined for a reply without a JSON body. */
  readonly reply?: unknown;
}

const matchingId = '0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a001';
const at = '2026-03-01T09:00:00.000Z';
const participation = { matching_id: matchingId, status: 'initialized', since: at };
const message = { id: `${matchingId}:initialized:1:newbie`, kind: 'new_match', text: 'Your mentor is Ivan.', created_at: at, read: false };
const offer = { show: true, title: 'Find a mentor', text: 'An experienced driver will help you.', button: 'Take part' };
const contact = {
  matching_id: matchingId, role: 'mentor', status: 'initialized', matched_at: at, name: 'Ivanov Ivan Ivanovich', phone: '+79990001122',
  links: [{ kind: 'whatsapp', url: 'https://wa.me/79990001122?text=Hello' }, { kind: 'tel', url: 'tel:+79990001122' }],
  unread: 1, messages: [message],
};
const matching = {
  id: matchingId, status: 'initialized', status_since: at, created_at: at, updated_at: at, version: 4, epoch: 1,
  newbie: 'park-1_driver-1', newbie_udid: 'udid-1', mentor: 'park-2_driver-2', mentor_udid: 'udid-2', matched_at: at,
  original_connected_dttm: at, mentor_promocode: null, completed_at: null, newbie_last_read_at: null, mentor_last_read_at: null,
};
const task = {
  id: `announce:${matchingId}:initialized:1`, queue: 'announce', matching_id: matchingId, state: 'pending', attempt: 0, last_error: null,
  visible_at: at, created_at: at, updated_at: at,
};
const jobRun = {
  id: 'b3f1c1de-6f0e-4d57-8a44-0b8a8f1d2c01', job: 'import-matchings', started_at: at, finished_at: at, outcome: 'succeeded', dry_run: false,
  counts: { rows: 12, matched: 3, unchanged: 9 }, error: null,
};
const dryRun = {
  job: 'import-results', dry_run: true, outcome: 'succeeded',
  counts: { candidates: 2, overdue_7d: 1, overdue_14d: 0, rows: 40, figures_changed: 1, announced: 1 }, error: null,
  changes: [{ matching_id: matchingId, event: 'PROGRESS_ANNOUNCED', from: 'initialized', to: 'in_progress' }],
};
const english = { headers: { 'accept-language': 'en' } } as const;
const ofMatching = { params: { id: matchingId }, live: { id: 'MATCHING' } } as const;
const ofDialog = { params: { matching_id: matchingId }, live: { matching_id: 'MATCHING' } } as const;

const driver = '/driver/v1/mentorship';

/** By method and path. */
export const examples: Readonly<Record<string, RouteExample>> = {
  [`POST ${driver}/participation`]: { headers: { 'idempotency-key': 'first-tap' }, status: 201, reply: { participation: { ...participation, status: 'created' } } },
  [`GET ${driver}/participation`]: { status: 200, reply: { participation, roles: ['newbie'] } },
  [`GET ${driver}/offer`]: { ...english, status: 200, reply: offer },
  [`GET ${driver}/contacts`]: {
    ...english, query: { limit: '20' }, status: 200,
    reply: { role: 'newbie', roles: ['newbie'], participation, contacts: [contact], unread_total: 1, next_cursor: null, degraded: [] },
  },
  [`GET ${driver}/contacts/{matching_id}/messages`]: { ...ofDialog, ...english, status: 200, reply: { messages: [message], unread: 1 } },
  [`POST ${driver}/contacts/{matching_id}/read`]: { ...ofDialog, body: {}, status: 204 },

  'GET /live': { status: 200, reply: { status: 'ok' } },
  'GET /ready': { status: 200, reply: { status: 'ok', checks: { store: 'ok', yt: 'ok', 'breaker:personal': 'ok' } } },
  'GET /metrics': { status: 200 },
  'GET /openapi.json': { status: 200 },
  'GET /admin/v1/matchings': { query: { status: 'initialized', stuck: '1h', limit: '20' }, status: 200, reply: { matchings: [matching], next_cursor: null, degraded: [] } },
  'GET /admin/v1/matchings/{id}': {
    ...ofMatching, status: 200,
    reply: {
      matching,
      transitions: [{ id: 't-1', created_at: at, from: null, to: 'created', event: 'ENROLLED', actor: 'driver', epoch: 0, version: 1, reason: null }],
      tasks: [task], announcements: [], results: null, operator_actions: [], allowed_events: ['MATCHED', 'PROGRESS_ANNOUNCED'],
    },
  },
  'POST /admin/v1/matchings/{id}/events': {
    ...ofMatching, headers: { 'x-operator': 'support' }, body: { type: 'DEADLINE_PASSED', reason: 'the driver asked to stop' },
    status: 200, reply: { outcome: 'ignored', from: 'initialized', to: 'initialized' },
  },
  'GET /admin/v1/tasks': { query: { queue: 'announce', state: 'pending' }, status: 200, reply: { tasks: [task], next_cursor: null } },
  'POST /admin/v1/tasks/{id}/retry': {
    params: { id: task.id }, live: { id: 'TASK' }, headers: { 'x-operator': 'on-call' }, body: { reason: 'client-events is back' },
    status: 200, reply: { task },
  },
  'GET /admin/v1/jobs': {
    status: 200,
    reply: { enabled: true, jobs: [{ name: 'import-matchings', every_ms: 300_000, here: null, last_run: jobRun }] },
  },
  'GET /admin/v1/jobs/runs': { query: { job: 'import-matchings', limit: '5' }, status: 200, reply: { runs: [jobRun], next_cursor: null } },
  'POST /admin/v1/jobs/{name}/run': {
    params: { name: 'import-results' }, query: { dry_run: 'true' }, body: {}, status: 200, reply: dryRun,
  },
  'GET /admin/v1/jobs/{name}/dry-run': { params: { name: 'import-results' }, status: 200, reply: dryRun },
  'GET /admin/v1/rejects': {
    query: { source: 'distribution', limit: '20' }, status: 200,
    reply: { rejects: [{ id: 'r-1', source: 'distribution', reason: 'unknown_newbie', detail: 'newbie_driver_id', first_seen_at: at }], next_cursor: null },
  },
  'GET /admin/v1/funnel': {
    status: 200,
    reply: Object.fromEntries(statuses.map((status, index) => [status, { reached: 8 - index, present: 1, oldest_since: at, stayed: { count: 12, median_ms: 60_000, p90_ms: 90_000 } }])),
  },
  'GET /admin/v1/matchings/{id}/preview': {
    ...ofMatching, query: { side: 'newbie', locale: 'en' }, headers: { 'x-operator': 'support' }, status: 200,
    reply: {
      offer,
      contacts: { role: 'newbie', roles: ['newbie'], participation, contacts: [{ ...contact, phone: '+7999***1122', links: [] }], unread_total: 1, next_cursor: null, degraded: [] },
    },
  },
  'POST /admin/v1/tasks/retry': {
    query: { queue: 'announce' }, headers: { 'x-operator': 'on-call' }, body: { reason: 'client-events is back' }, status: 200,
    reply: { retried: 0, more: false },
  },
  'GET /admin/v1/health': {
    status: 200,
    reply: {
      status: 'ok', checks: { store: 'ok' }, breakers: { personal: 'closed' }, tasks: [{ queue: 'announce', state: 'dead', count: 0, oldest_age_ms: 0 }],
      store_kind: 'ydb', version: '0.1.0', node: 'v22.23.3', uptime_ms: 86_400_000,
    },
  },
  'GET /admin/v1/heat': {
    query: { limit: '10' }, status: 200,
    reply: {
      at, stuck: [],
      states: Object.fromEntries(statuses.map((status) => [status, { present: 1, oldest_since: at, median_since: at, expected_s: 3_600 }])),
    },
  },
  'GET /admin/v1/machines': { status: 200 },
  'GET /admin/v1/operator-actions': { query: { limit: '20' }, status: 200, reply: { operator_actions: [], next_cursor: null } },
};

interface Called {
  readonly method: string;
  readonly path: string;
  readonly access: 'driver' | 'operator' | 'monitor';
}

/** The path with the example's values; `idOf` gives the live ones. */
export function examplePath({ path }: Called, example: RouteExample, idOf: (name: 'MATCHING' | 'TASK') => string): string {
  const { params = {}, live = {}, query = {} } = example;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const id = live[name];
    return id === undefined ? encodeURIComponent(params[name] ?? '') : idOf(id);
  });
  const asked = new URLSearchParams(query).toString();
  return asked === '' ? filled : `${filled}?${asked}`;
}

const tokens = { driver: 'TOKEN', operator: 'ADMIN_TOKEN', monitor: null } as const;

/** As one types it: DRIVER and ADMIN hold the listeners' addresses. */
export function curlOf(called: Called, example: RouteExample): string {
  const address = `"$${called.access === 'driver' ? 'DRIVER' : 'ADMIN'}${examplePath(called, example, (name) => `$${name}`)}"`;
  const token = tokens[called.access];
  const lines = [
    `curl -s ${called.method === 'GET' ? '' : `-X ${called.method} `}${address}`,
    ...(token === null ? [] : [`-H "Authorization: Bearer $${token}"`]),
    ...Object.entries(example.headers ?? {}).map(([name, value]) => `-H '${name}: ${value}'`),
    ...(example.body === undefined ? [] : [`--json '${JSON.stringify(example.body)}'`]),
  ];
  return lines.join(' \\\n  ');
}
