// Forming one CRM application: city, car and phone are looked up at once, the city with fallbacks; then the row is written.
// The actors are provided from outside. An outage of any of them fails the whole attempt, and the task is retried; absence of data
// (no position yet, no IP) is an answer, not an outage.
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

interface ApplicationContext {
  readonly useIp: boolean;
  readonly position: PlaceOnEarth | null;
  readonly ip: string | null;
  readonly city: FoundCity;
  readonly isRented: boolean;
  readonly phone: string | null;
  readonly error: unknown;
}

const unknownCity: FoundCity = { city: null, geoId: null, source: 'unknown' };

function unprovided<Output, Input = void>() {
  return fromPromise<Output, Input>(() => Promise.reject(new TypeError('the actor was not provided')));
}

const application = setup({
  types: {
    context: {} as ApplicationContext,
    input: {} as { readonly cityIpFallback: boolean },
  },
  actors: {
    locate: unprovided<PlaceOnEarth | null>(),
    cityAt: unprovided<NamedCity | null, PlaceOnEarth>(),
    lastLoginIp: unprovided<string | null>(),
    cityOfIp: unprovided<NamedCity | null, string>(),
    findCar: unprovided<boolean>(),
    findPhone: unprovided<string | null>(),
    write: unprovided<void, ApplicationParts>(),
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
        input: ({ context }) => required(context.position, 'position'),
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
        input: ({ context }) => required(context.ip, 'ip'),
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
    asking: { invoke: { src: 'findCar', onDone: { target: 'known', actions: assign({ isRented: ({ event }) => event.output }) }, onError: fail } },
    known: { type: 'final' },
  },
});

const phone = application.createStateConfig({
  initial: 'asking',
  states: {
    asking: { invoke: { src: 'findPhone', onDone: { target: 'known', actions: assign({ phone: ({ event }) => event.output }) }, onError: fail } },
    known: { type: 'final' },
  },
});

export const applicationMachine = application.createMachine({
  id: 'application',
  context: ({ input }) => ({
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
        input: ({ context }) => ({ city: context.city, isRented: context.isRented, phone: context.phone }),
        onDone: 'written',
        onError: fail,
      },
    },
    written: { type: 'final' },
    failed: { type: 'final' },
  },
});
