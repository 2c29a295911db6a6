// The whole service in a process of its own, as a bench's server: the product's code from listener to file, without task workers and jobs,
// whose work is not what is measured.
import type { MatchingId, Profile } from '../../machines/ids.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { startService } from '../../runtime/service.ts';
import { figures } from './seed.ts';
import { upstreams } from './people.ts';

export interface Ready {
  readonly kind: 'ready';
  readonly driverUrl: string;
  readonly adminUrl: string;
}
/** The CRM's figures of these matchings arrive; answered with `{ kind: 'stored' }`. */
export interface StoreFigures {
  readonly kind: 'figures';
  readonly of: readonly { readonly matchingId: MatchingId; readonly newbie: Profile }[];
}

/** Takes what waits, `limit` tasks at a time; answered with how long each time took. */
export interface ClaimTasks {
  readonly kind: 'claim';
  readonly times: number;
  readonly limit: number;
}

const batch = 500;
const leaseMs = 60_000;

const config = readConfig(process.env);
const service = await startService({ ...config, taskWorkers: 0 }, { upstreams });
process.on('message', (asked: StoreFigures | ClaimTasks) => void (asked.kind === 'figures' ? storeFigures(asked.of) : claimTasks(asked)));
process.on('disconnect', () => void service.stop(0));
process.send?.({ kind: 'ready', driverUrl: service.driverUrl, adminUrl: service.adminUrl } satisfies Ready);

async function storeFigures(of: StoreFigures['of']): Promise<void> {
  for (let from = 0; from < of.length; from += batch) {
    await service.ctx.store.transact(async (tx) => {
      for (const { matchingId, newbie } of of.slice(from, from + batch)) await tx.mergeResults(matchingId, newbie, figures);
    });
  }
  process.send?.({ kind: 'stored' });
}

async function claimTasks({ times, limit }: ClaimTasks): Promise<void> {
  const latenciesMs: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startedMs = performance.now();
    const taken = await service.ctx.tasks.claim({ owner: 'bench', limit, leaseMs });
    latenciesMs.push(performance.now() - startedMs);
    if (taken.length !== limit) throw new Error(`only ${taken.length} tasks of ${limit} were there to claim`);
  }
  process.send?.({ kind: 'claimed', latenciesMs });
}
