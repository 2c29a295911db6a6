// The geobase that needs no service.
import { expect, test } from 'vitest';
import { createEmbeddedGeobase } from '../../../runtime/upstream/geobase-embedded.ts';

const geobase = createEmbeddedGeobase();
const moscow = { geoId: 524_901, name: 'Moscow' };

test.each([
  { place: 'the Kremlin', lat: 55.752, lon: 37.617, city: moscow },
  { place: 'a district that GeoNames lists by itself', lat: 55.88, lon: 37.55, city: moscow },
  { place: 'a town outside the ring road', lat: 55.897, lon: 37.43, city: { geoId: 550_280, name: 'Khimki' } },
  { place: 'an island of Saint Petersburg', lat: 59.965, lon: 30.3, city: { geoId: 498_817, name: 'Saint Petersburg' } },
  { place: 'a village an hour from Yakutsk', lat: 62.5, lon: 129.7, city: { geoId: 2_013_159, name: 'Yakutsk' } },
])('names the city at $place', async ({ lat, lon, city }) => {
  expect(await geobase.cityAt({ lat, lon })).toEqual(city);
});

test('finds a city across the 180th meridian', async () => {
  expect(await geobase.cityAt({ lat: -16.4, lon: -179.9 })).toMatchObject({ name: 'Labasa' });
});

test('has no city in the ocean', async () => {
  expect(await geobase.cityAt({ lat: 30, lon: -40 })).toBeNull();
});

test('knows no addresses', async () => {
  expect(await geobase.cityOfIp('203.0.113.7')).toBeNull();
});

test('stops for a caller that went away', async () => {
  await expect(geobase.cityAt({ lat: 55.752, lon: 37.617 }, AbortSignal.abort())).rejects.toThrow(/abort/i);
});
