// The seeded people and cities as the upstream stand-ins know them.
import { addressIn, addressesPerCity, cities } from './cities.ts';
import type { SeededPerson } from './seed.ts';
import type { World, WorldPerson } from './upstreams/world.ts';

export function worldOf(people: readonly SeededPerson[]): World {
  return {
    people: people.map(worldPerson),
    cities: cities.map((city) => ({
      geoId: city.geoId,
      name: city.name,
      nameRu: city.nameRu,
      timezone: city.timezone,
      lat: city.lat,
      lon: city.lon,
      ips: Array.from({ length: addressesPerCity }, (_, ordinal) => addressIn(city, ordinal)),
    })),
  };
}

function worldPerson(person: SeededPerson): WorldPerson {
  const { lastName: last, firstName: first, middleName: middle } = person.name;
  const { lat, lon } = person.city;
  // A few streets from the centre, each person elsewhere.
  const aside = (person.ordinal % 20) / 1_000;
  return {
    udid: person.udid,
    profiles: person.profiles,
    fullName: { last, first, middle },
    phone: person.phone,
    phonePdId: person.phonePdId,
    position: person.whereabouts === 'gps' ? { lat: lat + aside, lon: lon - aside } : null,
    ip: person.ip,
    rented: person.isRented,
    locale: 'ru',
  };
}
