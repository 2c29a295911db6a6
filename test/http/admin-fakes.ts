// The admin listener over one stored matching, its history, and use cases that remember what they were asked.
import { networkInterfaces } from 'node:os';
import type { MatchingId } from '../../machines/ids.ts';
import { parseProfile, parseUdid } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { statuses } from '../../machines/status.ts';
import { realTime } from '../../runtime/clock.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { createOperations, type Operations } from '../../runtime/operations.ts';
import type { JobRunRecord, OperatorActionRecord, ProgressFigures, RejectRecord, TransitionRecord } from '../../runtime/store.ts';
import type { TaskView } from '../../runtime/tasks.ts';
import { createAdminGuards } from '../../http/admin-access.ts';
import { adminRoutes } from '../../http/admin/routes.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import { openApiDocument } from '../../http/openapi.ts';
import type { AdminContext, AdminReads, AdminUseCases, Probe } from '../../http/use-cases.ts';
import type { Preview } from '../../runtime/mentorship/preview.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { listen, openGuards, type Listening } from './listener.ts';

export const nowMs = Date.parse('2026-03-01T12:00:00Z');
export const matchingId = '0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a001' as MatchingId;
export const newbie = parseProfile('park-1', 'newbie-1')!;
export const mentor = parseProfile('park-2', 'mentor-1')!;

export const secondProfile = parseProfile('park-3', 'newbie-9')!;

export const row: MatchingRecord = {
  id: matchingId,
  createdAt: nowMs - 5_000,
  updatedAt: nowMs - 1_000,
  version: 3,
  status: 'matched',
  statusSince: nowMs - 1_000,
  epoch: 2,
  newbie,
  newbieUdid: parseUdid('udid-1'),
  mentor,
  mentorUdid: null,
  matchedAt: nowMs - 1_000,
  originalConnectedAt: nowMs - 2_000,
  mentorPromocode: null,
  completedAt: null,
  newbieLastReadAt: null,
  mentorLastReadAt: null,
};

export const task: TaskView = {
  id: `announce:${matchingId}:matched:2`,
  queue: 'announce',
  matchingId,
  state: 'dead',
  attempt: 5,
  lastError: 'upstream_unavailable: client-events did not answer',
  visibleAtMs: nowMs,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
};

export const jobRun: JobRunRecord = {
  id: 'run-1',
  job: 'archive',
  startedAt: nowMs,
  finishedAt: nowMs + 10,
  outcome: 'succeeded',
  dryRun: false,
  counts: { archived: 2 },
  error: null,
};

export const figures: ProgressFigures = {
  rate_avg_7d: '4.9',
  rate_avg_14d: null,
  avg_dp_7d: '1',
  avg_dp_14d: null,
  sh_7d: '2',
  sh_14d: null,
  correct_answers: '3',
  passed_test_flg: '1',
};

const minimalEnvironment = {
  DATA_DIR: 'unused', AUTH_JWKS: 'unused', AUTH_ISSUER: 'https://issuer.test', YT_PROXY: 'http://yt.test', DRIVER_PROFILES_URL: 'http://one.test',
  PERSONAL_URL: 'http://two.test', TRACKSTORY_URL: 'http://three.test', FLEET_RENT_URL: 'http://four.test', CLIENT_EVENTS_URL: 'http://five.test',
};

const everyMs = { 'import-matchings': 1, 'import-results': 2, 'finish-programme': 3, replicate: 4, archive: 5 };

const creation: TransitionRecord = {
  id: 't-1',
  matchingId,
  createdAt: nowMs,
  from: null,
  to: 'created',
  event: 'ENROLLED',
  actor: 'driver',
  epoch: 0,
  version: 1,
  reason: null,
};

const reject: RejectRecord = {
  id: 'r-1',
  source: 'distribution',
  reason: 'unknown_newbie',
  detail: 'newbie_driver_id',
  firstSeenAt: nowMs,
};

const operatorAction: OperatorActionRecord = {
  id: 'o-1',
  at: nowMs,
  actor: 'olga',
  action: 'retry_task',
  subject: task.id,
  matchingId,
  reason: null,
  outcome: 'retried',
};

const seenByNewbie: Preview = {
  offer: { show: false, title: 'Find a mentor', text: 'Somebody to ask', button: 'Take part' },
  list: { role: 'newbie', roles: ['newbie'], participation: null, contacts: [], unreadTotal: 0, nextCursor: null, degraded: [] },
};

export interface AdminApi extends Listening {
  readonly asked: unknown[];
  readonly operations: Operations;
}

export interface AdminApiOptions {
  readonly token?: string | null;
  readonly host?: string;
  readonly useCases?: Partial<AdminUseCases>;
  readonly probes?: Readonly<Record<string, Probe>>;
  readonly jobWaitMs?: number;
  readonly reads?: Partial<AdminReads>;
}

export async function startAdminApi(options: AdminApiOptions = {}): Promise<AdminApi> {
  const asked: unknown[] = [];
  const operations = createOperations();
  const ctx: AdminContext = {
    config: { jobs: { enabled: true, everyMs }, programme: readConfig(minimalEnvironment).programme, timescale: realTime, store: { kind: 'sqlite', file: ':memory:' } },
    store: { ...fixedReads(asked), ...options.reads },
    tasks: fixedTasks(asked),
    operations,
    metrics: createMetrics(),
    log: createLog('silent'),
    useCases: { ...fixedUseCases(asked), ...options.useCases },
    probes: options.probes ?? { store: async () => undefined },
    document: openApiDocument([...driverRoutes, ...adminRoutes]),
    dryRuns: new Map(),
    jobWaitMs: options.jobWaitMs ?? 5_000,
  };
  const guards = { ...openGuards, ...createAdminGuards(options.token ?? null) };
  const listening = await listen({ ctx, routes: adminRoutes, guards, ...(options.host === undefined ? {} : { host: options.host }) });
  return { ...listening, asked, operations };
}

/** An address of this machine that is not loopback; undefined where it has none. */
export function outsideAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}

function fixedReads(asked: unknown[]): AdminReads {
  return {
    now: async () => nowMs,
    matchings: async (ids) => (ids.includes(matchingId) ? [row] : []),
    profilesOfDriver: async (driverId) => (driverId === newbie.driverId ? [newbie] : []),
    transitions: async () => [creation],
    tasksOfMatching: async () => [task],
    announcements: async () => [{ eventId: 'e-1', matchingId, epoch: 2, event: 'MATCH_ANNOUNCED', recipient: 'mentor', acceptedAt: nowMs }],
    results: async () => [{ matchingId, newbie, figures, updatedAt: nowMs }],
    longestInStatus: async (status) => (status === row.status ? [row] : []),
    listMatchings: async (filter, page) => {
      asked.push({ filter, page });
      return { items: [row], nextCursor: 'next' };
    },
    jobRuns: async (filter, page) => {
      asked.push({ filter, page });
      return { items: filter.job === undefined || filter.job === 'archive' ? [jobRun] : [], nextCursor: null };
    },
    operatorActions: async (filter, page) => {
      asked.push({ filter, page });
      return { items: [operatorAction], nextCursor: null };
    },
    rejects: async (filter, page) => {
      asked.push({ filter, page });
      return { items: [reject], nextCursor: null };
    },
    funnel: async () => {
      const stages = statuses.map((status, index) => [status, { reached: 8 - index, present: 1, oldestSince: nowMs }] as const);
      return Object.fromEntries(stages) as Awaited<ReturnType<AdminReads['funnel']>>;
    },
  };
}

function fixedTasks(asked: unknown[]): AdminContext['tasks'] {
  return {
    list: async (filter, page) => {
      asked.push({ filter, page });
      return { items: [task], nextCursor: null };
    },
    stats: async () => [{ queue: 'announce', state: 'dead', count: 1, oldestAgeMs: 5_000.4 }],
    find: async (id) => (id === task.id ? task : id === 'running' ? { ...task, id, state: 'running' } : null),
  };
}

function fixedUseCases(asked: unknown[]): AdminUseCases {
  return {
    sendEvent: async ({ matchingId: id, mentor: named, eventOf, operator }) => {
      if (id !== matchingId) return null;
      asked.push({ matchingId: id, event: eventOf(row), operator, ...(named === undefined ? {} : { mentor: named }) });
      return { outcome: 'moved', from: 'matched', to: 'initialized' };
    },
    allowedEvents: async () => ['MATCHED', 'MATCH_ANNOUNCED'],
    retryTask: async ({ id }, operator) => {
      asked.push({ id, operator });
      return id === task.id;
    },
    personOf: async (profile) => ({ profiles: [profile, secondProfile], degraded: [] }),
    preview: async (input) => {
      asked.push(input);
      return input.side === 'newbie' ? seenByNewbie : null;
    },
    runJob: async (name, { dryRun, operator }) => {
      asked.push({ name, dryRun, operator });
      return { outcome: 'succeeded', counts: { rows: 3 }, error: null };
    },
  };
}
