// The record of what operators do: written before the act, so that nothing is done unrecorded, and again with what it came to.
import { asServiceError, describeError } from './errors.ts';
import type { Log } from './log.ts';
import { OperatorAction, type OperatorActionRecord, type Store } from './store.ts';

export interface Operator {
  readonly actor: string;
  readonly reason: string | null;
}

/** The actor where nobody is named. */
export const unnamedOperator = 'operator';

const actorForm = /^[0-9A-Za-z._@-]{1,64}$/;

export function isActor(text: string): boolean {
  return actorForm.test(text) && !holdsPhone(text);
}

// `+` or a Russian trunk prefix, then as many digits as a number has, however they are grouped.
const phone = /(?:\+\d|(?<![0-9A-Za-z-])[78])(?:[\s().-]{0,2}\d){9,13}(?![0-9A-Za-z])/;

/** A reason is kept for good, so no phone number may be in it. */
export function holdsPhone(text: string): boolean {
  return phone.test(text);
}

export type Act = Pick<OperatorActionRecord, 'action' | 'subject' | 'matchingId'> & { readonly operator: Operator };

export interface RecordPorts {
  readonly store: Pick<Store, 'transact'>;
  readonly log: Log;
  /** A fresh UUID. */
  readonly newId: () => string;
}

/** Throws what `work` throws, and when the record cannot be begun, in which case `work` is not called. */
export async function recorded<Result>(
  ports: RecordPorts,
  { operator, ...act }: Act,
  work: () => Promise<Result>,
  outcomeOf: (result: Result) => string,
): Promise<Result> {
  const id = ports.newId();
  const begun = await ports.store.transact(async (tx) => {
    const record: OperatorActionRecord = { id, at: await tx.now(), ...operator, ...act, outcome: 'started' };
    await tx.putOperatorAction(record);
    return record;
  });
  try {
    const result = await work();
    await conclude(ports, begun, outcomeOf(result));
    return result;
  } catch (error) {
    await conclude(ports, begun, `failed: ${asServiceError(error).code}`);
    throw error;
  }
}

/** The act is done whether or not this is stored: a record left at `started` says that its end is not known. */
async function conclude({ store, log }: RecordPorts, record: OperatorActionRecord, outcome: string): Promise<void> {
  try {
    await store.transact((tx) => tx.putOperatorAction({ ...record, outcome }));
  } catch (error) {
    log.error({ operator_action: record.id, error: describeError(error) }, 'the outcome of an operator action was not stored');
  }
}

export function jobAct(job: string, dryRun: boolean, operator: Operator): Act {
  return { action: dryRun ? OperatorAction.tryJob : OperatorAction.runJob, subject: job, matchingId: null, operator };
}
