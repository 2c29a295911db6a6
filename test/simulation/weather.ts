// How bad the world is in one seed. Each kind of trouble is there or not, and where it is, its rate is drawn: seeds in which everything
// goes wrong at once never get far, and the rare pairings of two troubles would stay hidden in them.
import type { Random } from './random.ts';

export const services = [
  'store', 'yt', 'driver-profiles', 'personal', 'trackstory', 'geobase', 'fleet-rent', 'client-events',
] as const;
export type Service = (typeof services)[number];

export interface ServiceWeather {
  /** The request never arrives. */
  readonly lostRequest: number;
  /** It was carried out, and the caller does not learn it. */
  readonly lostReply: number;
  readonly slow: number;
  /** Chance that an outage begins at a turn of the weather. */
  readonly outage: number;
}

export interface Weather {
  readonly of: Readonly<Record<Service, ServiceWeather>>;
  /** How many calls take no time at all. */
  readonly snappy: number;
  readonly conflict: number;
  readonly brokenStream: number;
  /** The app refuses an event for no reason that lasts. */
  readonly refusedEvent: number;
  /** The cluster shows fewer rows than it has, for the moment. */
  readonly shortRead: number;
  /** At each call of an instance: faults at random moments would nearly always find it idle. */
  readonly kill: number;
  readonly pause: number;
  /** How many pauses are longer than leases, polls and periods of jobs. */
  readonly longPause: number;
  /** At each turn of the weather. */
  readonly stop: number;
  /** The largest difference of a wall clock. */
  readonly skewMs: number;
  readonly garbage: number;
}

const hourMs = 3_600_000;

export function drawWeather(random: Random): Weather {
  const rate = (presence: number, highest: number): number => (random.chance(presence) ? random.next() * highest : 0);
  const service = (): ServiceWeather =>
    ({ lostRequest: rate(0.4, 0.2), lostReply: rate(0.4, 0.2), slow: rate(0.4, 0.15), outage: rate(0.3, 0.15) });
  return {
    of: Object.fromEntries(services.map((name) => [name, service()])) as Record<Service, ServiceWeather>,
    snappy: 0.3 + random.next() * 0.6,
    conflict: rate(0.5, 0.3),
    brokenStream: rate(0.4, 0.3),
    refusedEvent: rate(0.4, 0.15),
    shortRead: rate(0.3, 0.3),
    kill: rate(0.6, 0.01),
    pause: rate(0.6, 0.02),
    longPause: random.pick([0.1, 0.6]),
    stop: rate(0.4, 0.05),
    skewMs: random.chance(0.5) ? random.between(1, 100) * hourMs : 0,
    garbage: rate(0.6, 0.4),
  };
}

const none: ServiceWeather = { lostRequest: 0, lostReply: 0, slow: 0, outage: 0 };

/** Clocks stay wrong: that is no fault that heals. */
export function healed({ skewMs, snappy }: Weather): Weather {
  return {
    of: Object.fromEntries(services.map((name) => [name, none])) as Record<Service, ServiceWeather>,
    snappy, conflict: 0, brokenStream: 0, refusedEvent: 0, shortRead: 0, kill: 0, stop: 0, pause: 0, longPause: 0, skewMs, garbage: 0,
  };
}
