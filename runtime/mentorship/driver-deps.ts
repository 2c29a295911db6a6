// What the driver use cases need besides the context: the two lookups that remember their answers for a while.
import type { Config } from '../config/config.ts';
import type { Spool } from '../spool.ts';
import type { Store } from '../store.ts';
import type { Upstreams } from '../upstream.ts';
import { createIdentity, type Identity } from './identity.ts';
import { createPeople, type People } from './people.ts';

/** The part of the store that the use cases of a participant touch. */
export type DriverStore = Pick<Store, 'now' | 'contacts' | 'dialog' | 'matchingsOfNewbies' | 'matchingsOfMentors' | 'transact'>;

export interface DriverContext {
  readonly store: DriverStore;
  readonly config: Pick<Config, 'programme' | 'spool'>;
  readonly spool: Pick<Spool, 'find'>;
}

export interface DriverSources extends DriverContext {
  readonly upstreams: Pick<Upstreams, 'driverProfiles' | 'personal'>;
}

export interface DriverDeps {
  readonly ctx: DriverContext;
  readonly identity: Identity;
  readonly people: People;
}

/**
 * Takes the whole context or just this much of it. One per process: the memories inside are shared by all requests, and hold
 * `maxPeople` where it is given.
 */
export function createDriverDeps(ctx: DriverSources, maxPeople?: number): DriverDeps {
  return {
    ctx,
    identity: createIdentity(ctx.upstreams.driverProfiles, { maxPeople }),
    people: createPeople(ctx.upstreams, ctx.config.programme.nameFormat, { maxPeople }),
  };
}
