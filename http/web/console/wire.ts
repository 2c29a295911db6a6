// The admin API's JSON as the console reads it: the types of the schemas that the service answers by.
import type { z } from 'zod';
import type { funnelWire } from '../../admin/funnel.ts';
import type { healthWire } from '../../admin/health.ts';
import type { heatWire } from '../../admin/heat.ts';
import type { jobsWire } from '../../admin/jobs.ts';
import type { matchingDetailsWire } from '../../admin/matching.ts';
import type { matchingsWire } from '../../admin/matchings.ts';
import type { previewWire } from '../../admin/preview.ts';
import type { finishedWire, startedWire } from '../../admin/run-job.ts';
import type { jobRunWire, matchingWire, operatorActionWire, rejectWire, taskWire } from '../../admin/wire.ts';

export type Matching = z.output<typeof matchingWire>;
export type Matchings = z.output<typeof matchingsWire>;
export type MatchingDetails = z.output<typeof matchingDetailsWire>;
export type Preview = z.output<typeof previewWire>;
export type PreviewContact = Preview['contacts']['contacts'][number];
export type Funnel = z.output<typeof funnelWire>;
export type Heat = z.output<typeof heatWire>;
export type Health = z.output<typeof healthWire>;
export type Jobs = z.output<typeof jobsWire>;
export type Job = Jobs['jobs'][number];
export type JobRun = z.output<typeof jobRunWire>;
export type JobReply = z.output<typeof finishedWire> | z.output<typeof startedWire>;
export type Task = z.output<typeof taskWire>;
export type Reject = z.output<typeof rejectWire>;
export type OperatorAction = z.output<typeof operatorActionWire>;
