// What may be said on the demo's command line.
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultSpeed, knownDrivers } from './network.ts';

export interface DemoOptions {
  /** Programme days per real second. */
  readonly speed: number;
  readonly drivers: number;
  readonly once: boolean;
  readonly store: 'sqlite' | 'ydb';
  readonly data: string;
  readonly fresh: boolean;
}

const teaching = `
The whole system runs in this one process: the service with its store, a local YT proxy, stand-ins of the platform's services and a
simulated CRM. Made-up newbies enrol over HTTP, get mentors and move through the programme while programme time runs fast; from the
offer to the last status it is about 26 programme days.

Everything is kept in --data: stop with Ctrl+C, start again, and the same people go on where they were. Once everybody has finished,
the next start begins anew.

Examples:
  $ npm run demo                                   12 newbies, about a minute from the offer to the end; stays up to be explored
  $ npm run demo -- --once                         ends by itself when everybody has finished; the last line is the funnel as JSON
  $ npm run demo -- --speed 0.1 --drivers 30       slower and fuller, to watch the stages one by one
  $ npm run demo -- --fresh                        forget the people of earlier runs
  $ HTTP_PORT=9080 ADMIN_PORT=9081 npm run demo    other ports than 8080 and 8081`;

/** Prints help or a mistake and ends the process where the arguments ask for it. */
export function readDemoOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description('Shows the mentorship programme at work, with nothing to install or configure.')
    .option('--speed <days>', 'programme days per real second', daysPerSecond, defaultSpeed)
    .option('--drivers <count>', 'how many newbies take part', driverCount, 12)
    .option('--once', 'end with exit code 0 when every newbie has reached a final status', false)
    .addOption(new Option('--store <kind>', 'where the service keeps its rows').choices(['sqlite', 'ydb']).default('sqlite'))
    .option('--data <dir>', 'where everything is kept between runs (default: ./data/demo, or ./data/demo-ydb)')
    .option('--fresh', 'remove what earlier runs kept, then start', false)
    .addHelpText('after', teaching);
  const options = command.parse([...argv]).opts<Omit<DemoOptions, 'data'> & { data?: string }>();
  return { ...options, data: options.data ?? (options.store === 'ydb' ? './data/demo-ydb' : './data/demo') };
}

function daysPerSecond(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0.01 && value <= 20)) throw new InvalidArgumentError('It must be a number from 0.01 to 20.');
  return value;
}

function driverCount(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1 || Number(text) >= knownDrivers) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${knownDrivers - 1}.`);
  }
  return Number(text);
}
