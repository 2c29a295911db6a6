// One run of a job that brings CRM data in: take the lock, read, apply in batches, done or failed. A live actor inside one run; it
// needs no persistence because every step is idempotent and the next run starts over. The actors are provided from outside.
import { assign, fromPromise, setup } from 'xstate';

export type Counts = Readonly<Record<string, number>>;

interface ImportContext {
  readonly counts: Counts;
  readonly error: unknown;
}

function unprovided<Output>() {
  return fromPromise<Output>(() => Promise.reject(new TypeError('the actor was not provided')));
}

const fail = {
  target: '#import.failed',
  actions: { type: 'keepError', params: ({ event }: { event: { error: unknown } }) => ({ error: event.error }) },
} as const;

const isTrue = { type: 'isTrue', params: ({ event }: { event: { output: boolean } }) => event.output } as const;

export const importMachine = setup({
  types: { context: {} as ImportContext, events: {} as { type: 'CANCELLED'; error: unknown } },
  actors: {
    /** Whether the lock is ours. */
    lock: unprovided<boolean>(),
    /** Whether there is anything to apply. */
    read: unprovided<boolean>(),
    apply: unprovided<Counts>(),
  },
  actions: {
    keepError: assign((_args, params: { error: unknown }) => ({ error: params.error })),
  },
  guards: {
    isTrue: (_args, value: boolean) => value,
  },
}).createMachine({
  id: 'import',
  context: { counts: {}, error: null },
  options: { maxIterations: 100 },
  initial: 'locking',
  on: { CANCELLED: fail },
  states: {
    locking: {
      invoke: {
        src: 'lock',
        onDone: [
          { target: 'reading', guard: isTrue },
          { target: 'busy' },
        ],
        onError: fail,
      },
    },
    reading: {
      invoke: {
        src: 'read',
        onDone: [
          { target: 'applying', guard: isTrue },
          { target: 'done' },
        ],
        onError: fail,
      },
    },
    applying: {
      invoke: {
        src: 'apply',
        onDone: { target: 'done', actions: assign({ counts: ({ event }) => event.output }) },
        onError: fail,
      },
    },
    busy: { type: 'final', description: 'Another host runs this job' },
    done: { type: 'final' },
    failed: { type: 'final' },
  },
});
