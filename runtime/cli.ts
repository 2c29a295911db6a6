// `npm run mentorship -- <command>`: the operator's commands. Each opens what it needs, prints its answer, and ends.
import { Command } from 'commander';
import { drawCommand } from './cli/diagram.ts';
import { jobCommand } from './cli/job.ts';
import { eventCommand, matchingCommand } from './cli/matching.ts';
import { migrateCommand } from './cli/migrate.ts';
import { tasksCommand } from './cli/tasks.ts';
import { tokenCommand } from './cli/token.ts';
import { asServiceError } from './errors.ts';
import { serviceVersion } from './version.ts';

const program = new Command('mentorship')
  .version(serviceVersion)
  .description('Commands for whoever operates the service. They are configured by the same environment as `npm start`.')
  .addHelpText('after', `
Examples:
  npm run mentorship -- migrate                                  create or upgrade the schema
  npm run mentorship -- job import-matchings --dry-run           show what an import would do, write nothing
  npm run mentorship -- matching 6f3f1c62-5a0e-4c0e-9a35-3f0f6c1d2b4a
  npm run mentorship -- tasks list --state dead                  what waits for a human
  npm run mentorship -- diagram matching                         the lifecycle as Mermaid text`)
  .showHelpAfterError('(--help shows what there is)');

for (const command of [migrateCommand, jobCommand, matchingCommand, eventCommand, tasksCommand, tokenCommand, drawCommand]) {
  program.addCommand(command());
}

program.parseAsync(process.argv).catch((error: unknown) => {
  const known = asServiceError(error);
  console.error(known.code === 'internal' ? error : known.message);
  process.exitCode = 1;
});
