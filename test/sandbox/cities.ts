// The cities of the sandbox. Their IP ranges are those set aside for documentation (RFC 5737): no driver of the world has one.

export interface SandboxCity {
  readonly geoId: number;
  readonly name: string;
  readonly nameRu: string;
  readonly timezone: string;
  readonly lat: number;
  readonly lon: number;
  /** The first three octets and the first host number of the city's 32 addresses. */
  readonly network: { readonly prefix: string; readonly firstHost: number };
}

const facts = [
  [213, 'Moscow', 'Москва', 'Europe/Moscow', 55.7558, 37.6173],
  [2, 'Saint Petersburg', 'Санкт-Петербург', 'Europe/Moscow', 59.9386, 30.3141],
  [43, 'Kazan', 'Казань', 'Europe/Moscow', 55.7887, 49.1221],
  [54, 'Yekaterinburg', 'Екатеринбург', 'Asia/Yekaterinburg', 56.8389, 60.6057],
  [65, 'Novosibirsk', 'Новосибирск', 'Asia/Novosibirsk', 55.0302, 82.9204],
  [35, 'Krasnodar', 'Краснодар', 'Europe/Moscow', 45.0355, 38.9753],
  [47, 'Nizhny Novgorod', 'Нижний Новгород', 'Europe/Moscow', 56.3269, 44.0059],
] as const;

export const addressesPerCity = 32;

export const cities: readonly SandboxCity[] = facts.map(([geoId, name, nameRu, timezone, lat, lon], index) => ({
  geoId,
  name,
  nameRu,
  timezone,
  lat,
  lon,
  network: { prefix: '198.51.100', firstHost: index * addressesPerCity },
}));

/** The `ordinal`-th address of the city, going round. */
export function addressIn(city: SandboxCity, ordinal: number): string {
  return `${city.network.prefix}.${city.network.firstHost + (ordinal % addressesPerCity)}`;
}
