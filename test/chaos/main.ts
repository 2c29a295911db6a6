// `npm run chaos -- --fuzz`: the real process under what no client should send. Ends in one line of JSON.
import { Command, InvalidArgumentError } from 'commander';
import { fuzz } from './fuzz.ts';

interface Options {
  readonly fuzz?: number | true;
  readonly seed: number;
}

const defaultRequests = 100_000;

await new Command('chaos')
  .description('the real process under attack')
  .option('--fuzz [requests]', `malformed requests, ${defaultRequests} by default`, positive)
  .option('--seed <n>', 'which requests', positive, 1)
  .action(async ({ fuzz: requests, seed }: Options, command: Command) => {
    if (requests === undefined) command.help({ error: true });
    const report = await fuzz({
      requests: requests === true ? defaultRequests : requests, idleSockets: 10_000, slowSockets: 200, seed,
      report: (text) => void process.stderr.write(`${text}\n`),
    });
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = report.violations.length === 0 ? 0 : 1;
  })
  .parseAsync();

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Must be a positive whole number.');
  return Number(text);
}
