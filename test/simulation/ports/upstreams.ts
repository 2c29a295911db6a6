// The upstream ports as one instance reaches them: they answer from the truth about people, late or not at all.
import { profileKey, type Profile } from '../../../machines/ids.ts';
import type { Person, Upstreams } from '../../../runtime/upstream.ts';
import { linkedOf, type SimPerson } from '../people.ts';
import type { Service } from '../weather.ts';
import { call, type Line } from './calls.ts';

export function upstreamPorts(line: Line): Upstreams {
  const { world } = line;
  const { people, app, random } = world;
  const ask = <Result>(service: Service, effect: () => Result, signal?: AbortSignal): Promise<Result> =>
    call(line, { service, what: service, effect, signal });
  const known = (profiles: readonly Profile[]): SimPerson[] => profiles.flatMap((profile) => people.of(profile) ?? []);
  const by = <Value>(profiles: readonly Profile[], valueOf: (one: SimPerson) => Value) =>
    new Map(profiles.flatMap((profile) => {
      const one = people.of(profile);
      return one === null ? [] : [[profileKey(profile), valueOf(one)] as const];
    }));
  return {
    driverProfiles: {
      linked: (profiles, signal) => ask('driver-profiles', () => by<Person>(profiles, linkedOf), signal),
      retrieve: (profiles, signal) => ask('driver-profiles', () => by(profiles, ({ lastName, name, phonePdId }) =>
        ({ fullName: { lastName, firstName: name, middleName: null }, phonePdId })), signal),
    },
    personal: {
      phones: (ids, signal) => ask('personal', () =>
        new Map(people.all.filter(({ phonePdId }) => ids.includes(phonePdId)).map(({ phonePdId, phone }) => [phonePdId, phone])), signal),
    },
    trackstory: { lastPosition: (profiles, signal) => ask('trackstory', () => known(profiles)[0]?.position ?? null, signal) },
    geobase: {
      cityAt: (_position, signal) => ask('geobase', () => ({ geoId: 213, name: 'Moscow' }), signal),
      cityOfIp: (_ip, signal) => ask('geobase', () => ({ geoId: 213, name: 'Moscow' }), signal),
    },
    fleetRent: { isRented: (profiles, signal) => ask('fleet-rent', () => known(profiles)[0]?.rented ?? false, signal) },
    clientEvents: {
      push: (events, signal) => ask('client-events', () => events.map((event) => {
        world.note(`pushed ${event.eventId}`);
        if (!random.chance(world.weather.refusedEvent)) return app.take(event, world.timeline.nowMs);
        world.count('fault: refused event');
        return { eventId: event.eventId, status: 'rejected' as const, reason: 'other' };
      }), signal),
    },
    close: async () => {},
  };
}
