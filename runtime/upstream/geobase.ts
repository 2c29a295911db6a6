// geobase as a service: the city at a position or of an IP address.
import { isIP } from 'node:net';
import { z } from 'zod';
import type { City, Geobase } from '../upstream.ts';
import { request, type JsonCall, type Upstream } from './request.ts';

const cityReply = z
  .object({ geo_id: z.number().int().positive(), name: z.string().min(1) })
  .transform((city): City => ({ geoId: city.geo_id, name: city.name }));

export function createGeobase(upstream: Upstream): Geobase {
  return {
    cityAt: (position, signal) => {
      const query = { lat: String(position.lat), lon: String(position.lon) };
      return request(upstream, cityCall('city_at', query), signal);
    },
    // The address comes from a table: one that is no address has no city, and asking would only be refused.
    cityOfIp: async (ip, signal) => (isIP(ip) === 0 ? null : request(upstream, cityCall('city_of_ip', { ip }), signal)),
  };
}

function cityCall(method: string, query: Readonly<Record<string, string>>): JsonCall<City | null> {
  return { method, path: '/v1/city', query, schema: cityReply, notFound: { reply: null } };
}
