/** What the map page reads of a household. */
export interface Household {
  id: string; label: string; region: string; contested: string[]; data: Record<string, unknown>;
  location?: { lon: string | number; lat: string | number; accuracy_m?: string | number | null } | null;
}

/** Where a household is registered; null where nothing says so. */
export function placeOf(household: Household): [number, number] | null {
  const at: [number, number] = [Number(household.location?.lon ?? NaN), Number(household.location?.lat ?? NaN)];
  return at.every(Number.isFinite) ? at : null;
}
