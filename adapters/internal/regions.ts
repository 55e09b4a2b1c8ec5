/**
 * The base URL of a region.
 *
 * @throws {TypeError} for a region there is not.
 */
export function regionUrl<Region extends string>(regions: Readonly<Record<Region, string>>, region: Region): string {
  if (Object.hasOwn(regions, region)) return regions[region]
  throw new TypeError(`region: '${region}' is none of ${Object.keys(regions).join(', ')}`)
}
