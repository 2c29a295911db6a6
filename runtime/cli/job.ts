// job: one run of a job, here and now, under its lock.
import { Argument, Command } from 'commander';
import { JobName, type JobReport } from '../../jobs/report.ts';
import { runJob } from '../../jobs/run-job.ts';
import { jobNamed } from '../../jobs/schedule.ts';
import { compose } from '../compose.ts';
import { readConfig } from '../config/config.ts';
import { createLog, standardError } from '../log.ts';
import { jobAct, recorded } from '../operator-actions.ts';
import { operatorOf, operatorOption, reasonOption, type OperatorOptions } from './operator.ts';
import { print } from './output.ts';

export function jobCommand(): Command {
  return new Command('job')
    .description('run a job once, here and now, under its lock')
    .addArgument(new Argument('<name>', 'which one').choices(Object.values(JobName)))
    .option('--dry-run', 'report what would happen and write nothing', false)
    .addOption(operatorOption())
    .addOption(reasonOption())
    .action(async (name: string, { dryRun, ...options }: OperatorOptions & { dryRun: boolean }) => {
      const job = jobNamed(name);
      const composed = await compose(readConfig(process.env), { log: createLog('warn', standardError()) });
      const interrupt = new AbortController();
      process.once('SIGINT', () => interrupt.abort());
      process.once('SIGTERM', () => interrupt.abort());
      try {
        const run = (): Promise<JobReport> => runJob(composed.ctx, job, { dryRun }, interrupt.signal);
        const report = await recorded(composed.ctx, jobAct(name, dryRun, operatorOf(options)), run, ({ outcome }) => outcome);
        print(report);
        process.exitCode = report.outcome === 'failed' || report.outcome === 'cancelled' ? 1 : 0;
      } finally {
        await composed.close();
      }
    });
}
