// Forming one CRM application: city, car and phone are looked up at once, the city with fallbacks; then the row is written.
// An outage of any stage fails the whole attempt, and the task is retried; absence of data (no position yet, no IP) is an answer, not an
// outage. What the stages do comes as input: building the machine anew for each attempt with other actors costs more than the attempt.
import { assign, fromPromise, setup } from 'xstate';

export interface FoundCity {
  readonly city: string | null;
  readonly geoId: number | null;
  readonly source: 'gps' | 'ip' | 'unknown';
}

export interface ApplicationParts {
  readonly city: FoundCity;
  readonly isRented: boolean;
  /** E.164; null when the platform knows none. */
  readonly phone: string | null;
}

interface PlaceOnEarth {
  readonly lat: number;
  readonly lon: number;
}
interface NamedCity {
  readonly geoId: number;
  readonly name: string;
}

/** The signal aborts when the attempt has failed meanwhile. */
export interface ApplicationStages {
  locate(signal: AbortSignal): Promise<PlaceOnEarth | null>;
  cityAt(position: PlaceOnEarth, signal: AbortSignal): Promise<NamedCity | null>;
  lastLoginIp(signal: AbortSignal): Promise<string | null>;
  cityOfIp(ip: string, signal: AbortSignal): Promise<NamedCity | null>;
  findCar(signal: AbortSignal): Promise<boolean>;
  findPhone(signal: AbortSignal): Promise<string | null>;
  write(parts: ApplicationParts, signal: AbortSignal): Promise<void>;
}

interface ApplicationContext extends ApplicationParts {
  readonly stages: ApplicationStages;
  readonly useIp: boolean;
  readonly position: PlaceOnEarth | null;
  readonly ip: string | null;
  readonly error: unknown;
}

const unknownCity: FoundCity = { city: null, geoId: null, source: 'unknown' };

function stage<Output>(work: (context: ApplicationContext, signal: AbortSignal) => Promise<Output>) {
  return fromPromise<Output, ApplicationContext>(({ input, signal }) => work(input, signal));
}

const application = setup({
  types: {
    context: {} as ApplicationContext,
    input: {} as { readonly cityIpFallback: boolean; readonly stages: ApplicationStages },
  },
  actors: {
    locate: stage(({ stages }, signal) => stages.locate(signal)),
    cityAt: stage(({ stages, position }, signal) => stages.cityAt(required(position, 'position'), signal)),
    lastLoginIp: stage(({ stages }, signal) => stages.lastLoginIp(signal)),
    cityOfIp: stage(({ stages, ip }, signal) => stages.cityOfIp(required(ip, 'ip'), signal)),
    findCar: stage(({ stages }, signal) => stages.findCar(signal)),
    findPhone: stage(({ stages }, signal) => stages.findPhone(signal)),
    write: stage((context, signal) => context.stages.write({ city: context.city, isRented: context.isRented, phone: context.phone }, signal)),
  },
  actions: {
    keepError: assign((_args, params: { error: unknown }) => ({ error: params.error })),
  },
  guards: {
    isPlaced: (_args, found: unknown) => found !== null,
    usesIp: ({ context }) => context.useIp,
  },
});

function foundCity(city: NamedCity | null, source: 'gps' | 'ip'): FoundCity {
  return city === null ? unknownCity : { city: city.name, geoId: city.geoId, source };
}

function required<Value>(value: Value | null, name: string): Value {
  if (value === null) throw new TypeError(`${name} is not known in this state`);
  return value;
}

function wholeContext({ context }: { readonly context: ApplicationContext }): ApplicationContext {
  return context;
}

const fail = {
  target: '#application.failed',
  actions: { type: 'keepError', params: ({ event }: { event: { error: unknown } }) => ({ error: event.error }) },
} as const;

const isPlaced = { type: 'isPlaced', params: ({ event }: { event: { output: unknown } }) => event.output } as const;

const city = application.createStateConfig({
  initial: 'locating',
  states: {
    locating: {
      invoke: {
        src: 'locate',
        input: wholeContext,
        onDone: [
          { target: 'byGps', guard: isPlaced, actions: assign({ position: ({ event }) => event.output }) },
          { target: 'withoutGps' },
        ],
        onError: fail,
      },
    },
    byGps: {
      invoke: {
        src: 'cityAt',
        input: wholeContext,
        onDone: [
          { target: 'known', guard: isPlaced, actions: assign({ city: ({ event }) => foundCity(event.output, 'gps') }) },
          { target: 'withoutGps' },
        ],
        onError: fail,
      },
    },
    withoutGps: { always: [{ target: 'findingIp', guard: 'usesIp' }, { target: 'known' }] },
    findingIp: {
      invoke: {
        src: 'lastLoginIp',
        input: wholeContext,
        onDone: [
          { target: 'byIp', guard: isPlaced, actions: assign({ ip: ({ event }) => event.output }) },
          { target: 'known' },
        ],
        onError: fail,
      },
    },
    byIp: {
      invoke: {
        src: 'cityOfIp',
        input: wholeContext,
        onDone: { target: 'known', actions: assign({ city: ({ event }) => foundCity(event.output, 'ip') }) },
        onError: fail,
      },
    },
    known: { type: 'final' },
  },
});

const car = application.createStateConfig({
  initial: 'asking',
  states: {
    asking: { invoke: { src: 'findCar', input: wholeContext, onDone: { target: 'known', actions: assign({ isRented: ({ event }) => event.output }) }, onError: fail } },
    known: { type: 'final' },
  },
});

const phone = application.createStateConfig({
  initial: 'asking',
  states: {
    asking: { invoke: { src: 'findPhone', input: wholeContext, onDone: { target: 'known', actions: assign({ phone: ({ event }) => event.output }) }, onError: fail } },
    known: { type: 'final' },
  },
});

export const applicationMachine = application.createMachine({
  id: 'application',
  context: ({ input }) => ({
    stages: input.stages,
    useIp: input.cityIpFallback,
    position: null,
    ip: null,
    city: unknownCity,
    isRented: false,
    phone: null,
    error: null,
  }),
  options: { maxIterations: 100 },
  initial: 'collecting',
  states: {
    collecting: { type: 'parallel', states: { city, car, phone }, onDone: 'writing' },
    writing: {
      invoke: {
        src: 'write',
        input: wholeContext,
        onDone: 'written',
        onError: fail,
      },
    },
    written: { type: 'final' },
    failed: { type: 'final' },
  },
});
