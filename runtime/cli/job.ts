// job: one run of a job, here and now, under its lock.
import { Argument, Command } from 'commander';
import { JobName } from '../../jobs/report.ts';
import { runJob } from '../../jobs/run-job.ts';
import { jobNamed } from '../../jobs/schedule.ts';
import { compose } from '../compose.ts';
import { readConfig } from '../config/config.ts';
import { print } from './output.ts';

export function jobCommand(): Command {
  return new Command('job')
    .description('run a job once, here and now, under its lock')
    .addArgument(new Argument('<name>', 'which one').choices(Object.values(JobName)))
    .option('--dry-run', 'report what would happen and write nothing', false)
    .action(async (name: string, { dryRun }: { dryRun: boolean }) => {
      const job = jobNamed(name);
      const composed = await compose({ ...readConfig(process.env), logLevel: 'warn' });
      const interrupt = new AbortController();
      process.once('SIGINT', () => interrupt.abort());
      process.once('SIGTERM', () => interrupt.abort());
      try {
        const report = await runJob(composed.ctx, job, { dryRun }, interrupt.signal);
        print(report);
        process.exitCode = report.outcome === 'failed' || report.outcome === 'cancelled' ? 1 : 0;
      } finally {
        await composed.close();
      }
    });
}
