/** What the map page reads of a household. */
import { known, type LonLat } from "../map/geometry";

export interface Household {
  id: string; label: string; region: string; contested: string[]; data: Record<string, unknown>;
  location?: { lon: string | number; lat: string | number; accuracy_m?: string | number | null } | null;
}

/** Where a household is registered; null where nothing says so. */
export const placeOf = (household: Household): LonLat | null => known(household.location);
