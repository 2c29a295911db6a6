// The configuration of one world: the programme in hours instead of weeks, so that a run has as many ticks as it has events.
import { readConfig, type Config } from '../../runtime/config/config.ts';
import type { Random } from './random.ts';

export interface Settings {
  readonly config: Config;
  readonly instances: number;
  readonly taskPollMs: number;
  readonly spoolRoundMs: number;
  /** When the faults heal. */
  readonly healAtMs: number;
}

const hour = 3_600_000;

const anyUrl = 'http://upstream.invalid';
const base = readConfig({
  YT_PROXY: anyUrl, DRIVER_PROFILES_URL: anyUrl, PERSONAL_URL: anyUrl, TRACKSTORY_URL: anyUrl, FLEET_RENT_URL: anyUrl, CLIENT_EVENTS_URL: anyUrl,
  AUTH_JWKS: 'jwks.json', AUTH_ISSUER: 'simulation',
});

export function drawSettings(random: Random): Settings {
  const progressAgeMs = random.pick([0.5, 0.75]) * hour;
  const failGraceMs = random.pick([0, 0.5, 0.5, 1]) * hour;
  const every = (...hours: number[]): number => random.pick(hours) * hour;
  const resultAgeMs = progressAgeMs * 2;
  const isArchivedEarly = random.chance(0.5);
  return {
    config: {
      ...base,
      jobs: {
        enabled: true,
        everyMs: {
          'import-matchings': every(0.75, 1.25), 'import-results': every(0.75, 1.25), 'finish-programme': random.chance(0.05) ? every(24) : every(1, 1.5),
          replicate: every(2, 3), archive: every(1.5, 2.5),
        },
      },
      programme: {
        ...base.programme,
        policy: { progressAgeMs, resultAgeMs, failAgeMs: resultAgeMs, failGraceMs, latePromocodeReopens: random.chance(0.85) },
        hideAfterMs: every(1, 2),
        // Early: archived among the faults. Late: only once everything else was checked.
        archiveAfterMs: isArchivedEarly ? every(0.5, 1) : 60 * hour,
        archiveFailed: random.chance(0.8),
        promocodePolicy: random.chance(0.85) ? 'one_per_row' : 'all_finished',
        // Shorter than anything lives: a row read again must not find its matching archived.
        importOverlapMs: isArchivedEarly ? hour : every(6, 24),
        createMissingFromCrm: random.chance(0.15),
        cityIpFallback: random.chance(0.8),
      },
    },
    instances: random.chance(0.15) ? 3 : 2,
    taskPollMs: random.pick([600_000, 1_200_000, 1_800_000]),
    spoolRoundMs: random.pick([300_000, 600_000]),
    healAtMs: random.between(13, 28) * 0.1 * hour,
  };
}
