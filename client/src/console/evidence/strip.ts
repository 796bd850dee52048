/** The photos of one visit as a time line. Pure. */
import type { Attachment } from "../wire";

export interface InStrip { file: Attachment; minutes: number | null }

/** By shutter, those without a time last; minutes since the one before, null for the first and where a time is missing. */
export function stripOf(files: Attachment[]): InStrip[] {
  const at = (file: Attachment): number => (file.taken_at ? Date.parse(file.taken_at) : Infinity);
  const photos = files.filter((file) => file.media_type.startsWith("image/") || file.slot !== null);
  const sorted = [...photos].sort((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)) || (a.name < b.name ? -1 : 1));
  return sorted.map((file, n) => {
    const gap = n === 0 ? NaN : at(file) - at(sorted[n - 1] as Attachment);
    return { file, minutes: Number.isFinite(gap) ? Math.round(gap / 60_000) : null };
  });
}
