// Stand-in of geobase: the nearest of the world's cities, or the city that an address is listed under.
import { isIP } from 'node:net';
import { distance } from 'geokdbush';
import { z } from 'zod';
import { statusOf, type Answer, type Ask, type Endpoints } from './stand-in.ts';
import type { World, WorldCity } from './world.ts';

const maxDistanceKm = 100;

function coordinate(limit: number): z.ZodType<number> {
  const decimal = z.string().regex(/^-?\d+(\.\d+)?(e-\d+)?$/);
  return decimal.transform(Number).refine((degrees) => Math.abs(degrees) <= limit);
}

const question = z.union([
  z.strictObject({ lat: coordinate(90), lon: coordinate(180) }),
  z.strictObject({ ip: z.string().refine((address) => isIP(address) !== 0) }),
]);

export function geobaseEndpoints(world: World): Endpoints {
  return { 'GET /v1/city': (ask) => answer(world, ask) };
}

function answer(world: World, ask: Ask): Answer {
  const asked = question.safeParse(ask.query);
  if (!asked.success) return statusOf(400);
  const city = 'ip' in asked.data ? cityOfIp(world, asked.data.ip) : cityAt(world, asked.data.lat, asked.data.lon);
  if (city === null) return statusOf(404);
  return { status: 200, body: { geo_id: city.geoId, name: city.name, names: { ru: city.nameRu }, timezone: city.timezone } };
}

function cityOfIp(world: World, ip: string): WorldCity | null {
  return world.cities.find((city) => city.ips.includes(ip)) ?? null;
}

function cityAt(world: World, lat: number, lon: number): WorldCity | null {
  const near = world.cities
    .map((city) => ({ city, km: distance(lon, lat, city.lon, city.lat) }))
    .filter(({ km }) => km <= maxDistanceKm)
    .sort((a, b) => a.km - b.km);
  return near[0]?.city ?? null;
}
