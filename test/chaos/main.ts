// `npm run chaos -- --kills N | --fuzz`: the real process killed under load, or under what no client should send. Ends in one line of
// JSON, and with exit code 1 when a promise was broken.
import { Command, InvalidArgumentError, Option } from 'commander';
import { fuzz } from './fuzz.ts';
import { runChaos, type ChaosOptions } from './run.ts';

interface Options {
  readonly kills?: number;
  readonly store: ChaosOptions['store'];
  readonly fuzz?: number | true;
  readonly seed: number;
}

const defaultRequests = 100_000;

await new Command('npm run chaos --')
  .description('the real process under attack')
  .option('--kills <number>', 'SIGKILL it so often under load, and compare what it had acknowledged with what there is', positive)
  .addOption(new Option('--store <kind>', 'over which store it is killed').choices(['sqlite', 'ydb']).default('sqlite'))
  .option('--fuzz [requests]', `malformed requests, ${defaultRequests} by default`, positive)
  .option('--seed <n>', 'which requests, or which moments and choices', positive, 1)
  .action(async ({ kills, store, fuzz: requests, seed }: Options, command: Command) => {
    if (kills !== undefined) await kill({ kills, store, seed, say: sayWhen });
    else if (requests === undefined) command.help({ error: true });
    else await attack(requests === true ? defaultRequests : requests, seed);
  })
  .parseAsync();

async function attack(requests: number, seed: number): Promise<void> {
  const report = await fuzz({ requests, idleSockets: 10_000, slowSockets: 200, seed, report: say });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}

async function kill(options: ChaosOptions): Promise<void> {
  const { lost, duplicates, violations, ...counts } = await runChaos(options);
  for (const [name, lines] of Object.entries({ lost, duplicates, violations })) for (const line of lines) say(`${name}: ${line}`);
  process.stdout.write(`${JSON.stringify({ ...counts, lost: lost.length, duplicates: duplicates.length, violations: violations.length })}\n`);
  process.exitCode = lost.length + duplicates.length + violations.length === 0 ? 0 : 1;
}

function sayWhen(text: string): void {
  say(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${text}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Must be a positive whole number.');
  return Number(text);
}
