// What happens while the demo is up: people enrol and use the app, and the reader sees how far they have come.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../runtime/service.ts';
import { enrol, enrolAll, useApp } from './crowd.ts';
import { markEnd } from './demo-data.ts';
import type { DemoOptions } from './demo-options.ts';
import type { Platform } from './driver-app.ts';
import { funnelLine, isSettled, readFunnel, type Funnel } from './funnel.ts';
import { guide } from './guide.ts';
import type { Network } from './network.ts';
import { startProgress } from './progress.ts';
import { mentorOrdinal } from './script.ts';
import { dayMs } from './world-clock.ts';

/** How the demo ended; `words` are the last to be printed. */
export interface End {
  readonly exitCode: number;
  readonly words: string;
}

export interface Demo {
  readonly options: DemoOptions;
  readonly network: Network;
  readonly service: Service;
}

const lookEveryMs = 500;
/** From the offer to the last status. */
const programmeDays = 26;
const programmeDaysLimit = 60;
const setupLimitMs = 60_000;

export async function play(demo: Demo, stopping: AbortSignal): Promise<End> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stopping, ended.signal]);
  const watching = introduce(demo, signal).then(() => Promise.race([watch(demo, signal), live(demo, signal)]));
  try {
    return await watching;
  } catch (error) {
    if (stopping.aborted) return stopped(demo.options);
    throw error;
  } finally {
    ended.abort();
  }
}

/** Enrols the first newbie and prints how to follow him. */
async function introduce(demo: Demo, signal: AbortSignal): Promise<void> {
  const { options, network, service } = demo;
  const { newbies, mentors } = network.people;
  const [newbie, mentor, guest] = [newbies[0], mentors[mentorOrdinal(0, false)], newbies[options.drivers]];
  if (newbie === undefined || mentor === undefined || guest === undefined) throw new TypeError('the sandbox has no people');
  const { matching_id: matchingId } = await enrol(platformOf(demo), newbie, signal);
  const isAdminGuarded = service.ctx.config.admin.token !== null;
  const { driverUrl, adminUrl } = service;
  const token: Platform['token'] = (profile) => network.token(profile);
  print(await guide({ driverUrl, adminUrl, isAdminGuarded, newbie, mentor, guest, matchingId, token }));
  print(
    `${options.drivers} newbies, ${options.speed} programme days a second: ` +
      `about ${Math.round(programmeDays / options.speed)} s from the offer to the end.`,
    `Everything is kept in ${options.data}; the service writes its log to ${service.ctx.config.logFile ?? 'standard output'}.`,
    options.once ? '' : 'Stays up until Ctrl+C.\n',
  );
}

/** Never ends by itself, save with an error. */
async function live(demo: Demo, signal: AbortSignal): Promise<never> {
  const { options, network, service } = demo;
  const platform = platformOf(demo);
  const newbies = network.people.newbies.slice(0, options.drivers);
  const report = (error: unknown): void => {
    service.ctx.log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'a driver could not look at his contacts');
  };
  await enrolAll(platform, newbies, signal);
  return useApp(platform, { newbies, mentors: network.people.mentors }, report, signal);
}

async function watch(demo: Demo, signal: AbortSignal): Promise<End> {
  const { options, network } = demo;
  const progress = startProgress(process.stdout, options.drivers);
  const startedAt = network.clock.now();
  const deadline = performance.now() + setupLimitMs + (programmeDaysLimit / options.speed) * 1_000;
  try {
    for (;;) {
      const funnel = await readFunnel(demo.service.ctx.store);
      progress.show(funnel, (network.clock.now() - startedAt) / dayMs);
      if (isSettled(funnel, options.drivers)) markEnd(options.data);
      const end = options.once ? endOf(funnel, options, performance.now() > deadline) : null;
      if (end !== null) return end;
      await sleep(lookEveryMs, undefined, { signal });
    }
  } finally {
    progress.stop();
  }
}

function endOf(funnel: Funnel, options: DemoOptions, isLate: boolean): End | null {
  if (isSettled(funnel, options.drivers)) return { exitCode: 0, words: funnelLine(funnel) };
  if (!isLate) return null;
  const all = Math.max(funnel.reached.created, options.drivers);
  const verdict = `gave up waiting: ${funnel.ended} of ${all} newbies have reached a final status`;
  return { exitCode: 1, words: `${verdict}\n${funnelLine(funnel)}` };
}

function stopped({ data }: DemoOptions): End {
  return { exitCode: 0, words: `Stopped. Everything is kept in ${data}: the same command goes on from here, --fresh starts over.` };
}

function platformOf({ network, service }: Demo): Platform {
  return { driverUrl: service.driverUrl, token: (profile) => network.token(profile) };
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
