/** PURE: which unsent work goes into which courier file. Ops first, in order; photos fill up and go on in further files. */

/** A carrier's stick, a slow phone's memory and the server's limit all fit more; a broken file should cost little. */
export const FILE_BYTES = 48 * 1024 * 1024;
const MOST_OPS = 20_000;
const MOST_FILES = 5_000;

export interface Pack<O, P> { ops: O[]; photos: P[]; bytes: number }

export function packWork<O extends { size: number }, P extends { size: number }>(ops: O[], photos: P[], room = FILE_BYTES): Pack<O, P>[] {
  const packs: Pack<O, P>[] = [];
  const fits = (pack: Pack<O, P> | undefined, size: number): boolean => pack !== undefined && pack.bytes + size <= room && pack.ops.length < MOST_OPS && pack.photos.length < MOST_FILES;
  const packFor = (size: number): Pack<O, P> => {
    const last = packs[packs.length - 1];
    if (last && fits(last, size)) return last;
    const made: Pack<O, P> = { ops: [], photos: [], bytes: 0 };
    packs.push(made);
    return made;
  };
  for (const op of ops) put(packFor(op.size), "ops", op);
  for (const photo of photos) put(packFor(photo.size), "photos", photo);
  return packs;
}

function put<O, P>(pack: Pack<O, P>, list: "ops" | "photos", one: (O | P) & { size: number }): void {
  (pack[list] as unknown[]).push(one);
  pack.bytes += one.size;
}
