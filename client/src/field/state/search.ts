/** Finding a household by words: each must be somewhere in what is known of it or of its place. */
import type { HouseholdLine } from "./households";
import { regionName } from "./labels";

export function fitting(lines: readonly HouseholdLine[], search: string): HouseholdLine[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...lines];
  return lines.filter((line) => {
    const text = `${line.words} ${regionName(line.region).toLowerCase()}`;
    return words.every((word) => text.includes(word));
  });
}
