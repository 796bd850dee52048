/** PURE: places of WGS-84 on the square world of Web Mercator (EPSG:3857): 0 to 1 from west to east and from north to south. */
export interface Spot { x: number; y: number }
export interface LonLat { lon: number; lat: number }

/** Where the square world ends, degrees. */
const DEEPEST = 85.05112878;
const EQUATOR_M = 40_075_016.686;

export function project({ lon, lat }: LonLat): Spot {
  const sine = Math.sin((Math.max(-DEEPEST, Math.min(DEEPEST, lat)) * Math.PI) / 180);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export const unproject = ({ x, y }: Spot): LonLat => ({ lon: (x - 0.5) * 360, lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI });

/** Metres from the west to the east of the world at this height of it. */
export const metresAcross = ({ y }: Spot): number => EQUATOR_M * Math.cos((unproject({ x: 0, y }).lat * Math.PI) / 180);
