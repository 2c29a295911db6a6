// One run of a job that brings CRM data in: take the lock, read, apply in batches, done or failed. A live actor inside one run; it
// needs no persistence because every step is idempotent and the next run starts over. What the stages do comes as its input: building
// the machine anew for each run with other actors costs more than the run.
import { assign, fromPromise, setup } from 'xstate';

export type Counts = Readonly<Record<string, number>>;

export interface ImportStages {
  /** Whether the lock is ours. */
  lock(): Promise<boolean>;
  /** Whether there is anything to apply. */
  read(): Promise<boolean>;
  apply(): Promise<Counts>;
}

interface ImportContext {
  readonly stages: ImportStages;
  readonly counts: Counts;
  readonly error: unknown;
}

const fail = {
  target: '#import.failed',
  actions: { type: 'keepError', params: ({ event }: { event: { error: unknown } }) => ({ error: event.error }) },
} as const;

const isTrue = { type: 'isTrue', params: ({ event }: { event: { output: boolean } }) => event.output } as const;

export const importMachine = setup({
  types: { context: {} as ImportContext, events: {} as { type: 'CANCELLED'; error: unknown }, input: {} as ImportStages },
  actors: {
    lock: fromPromise<boolean, ImportStages>(({ input }) => input.lock()),
    read: fromPromise<boolean, ImportStages>(({ input }) => input.read()),
    apply: fromPromise<Counts, ImportStages>(({ input }) => input.apply()),
  },
  actions: {
    keepError: assign((_args, params: { error: unknown }) => ({ error: params.error })),
  },
  guards: {
    isTrue: (_args, value: boolean) => value,
  },
}).createMachine({
  id: 'import',
  context: ({ input }) => ({ stages: input, counts: {}, error: null }),
  options: { maxIterations: 100 },
  initial: 'locking',
  on: { CANCELLED: fail },
  states: {
    locking: {
      invoke: {
        src: 'lock',
        input: ({ context }) => context.stages,
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
        input: ({ context }) => context.stages,
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
        input: ({ context }) => context.stages,
        onDone: { target: 'done', actions: assign({ counts: ({ event }) => event.output }) },
        onError: fail,
      },
    },
    busy: { type: 'final', description: 'Another host runs this job' },
    done: { type: 'final' },
    failed: { type: 'final' },
  },
});
