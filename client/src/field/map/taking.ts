/** Taking the ground along: which pieces of it lie below one's own households, what they weigh, and fetching them. */
import { keepPiece, dropOthers, markTaken, type Piece, type Sheet } from "@lib/ground-pieces";
import type { Spot } from "@lib/mercator";

/** From the county down to single houses. */
const FROM = 9;
const TO = 16;
/** A phone takes no more pieces of a sheet along: some 15 MB of photos, less of lines. Far apart households get less depth. */
const MOST = 700;
/** Beside the outermost houses, as a part of the extent and at least as a part of the world (some 500 m). */
const BESIDE = 0.1;
const AT_LEAST = 1.25e-5;
const AT_ONCE = 4;

export interface Load { sheet: Sheet; piece: Piece }

/** What covers these spots, shallow pieces first. */
export function loadsFor(sheets: Sheet[], spots: Spot[]): Load[] {
  if (spots.length === 0) return [];
  return sheets.flatMap((sheet) => piecesFor(sheet, spots).map((piece) => ({ sheet, piece })));
}

function piecesFor({ min, max }: Pick<Sheet, "min" | "max">, spots: Spot[]): Piece[] {
  const pieces: Piece[] = [];
  for (let z = Math.max(FROM, min); z <= Math.min(TO, max); z += 1) {
    const more = piecesAt(z, spots);
    if (pieces.length + more.length > MOST) break;
    pieces.push(...more);
  }
  return pieces;
}

function piecesAt(z: number, spots: Spot[]): Piece[] {
  const [left, right] = range(spots.map(({ x }) => x), 2 ** z);
  const [top, bottom] = range(spots.map(({ y }) => y), 2 ** z);
  const found: Piece[] = [];
  // Counted before they are made: a whole county at depth 16 would be millions.
  if ((right - left + 1) * (bottom - top + 1) > MOST) return new Array<Piece>(MOST + 1).fill({ z, x: 0, y: 0 });
  for (let y = top; y <= bottom; y += 1) for (let x = left; x <= right; x += 1) found.push({ z, x, y });
  return found;
}

function range(numbers: number[], cells: number): [number, number] {
  const least = numbers.reduce((a, b) => Math.min(a, b));
  const most = numbers.reduce((a, b) => Math.max(a, b));
  const beside = Math.max(AT_LEAST, (most - least) * BESIDE);
  return [Math.max(0, Math.floor((least - beside) * cells)), Math.min(cells - 1, Math.floor((most + beside) * cells))];
}

/** Bytes, from a few pieces that are fetched for it: the middle one of each depth. */
export async function weighed(loads: Load[]): Promise<number> {
  let bytes = 0;
  const groups = new Map<string, Load[]>();
  for (const load of loads) groups.set(`${load.sheet.id} ${load.piece.z}`, [...(groups.get(`${load.sheet.id} ${load.piece.z}`) ?? []), load]);
  for (const group of groups.values()) {
    const middle = group[Math.floor(group.length / 2)];
    if (middle) bytes += ((await middle.sheet.read(middle.piece))?.length ?? 0) * group.length;
  }
  return bytes;
}

/** Fetches them, some at once; stops at a lost line and goes on another time, where it ended. */
export async function take(loads: Load[], tell: (done: number, bytes: number) => void, isStopped: () => boolean): Promise<void> {
  const waiting = [...loads];
  let done = 0;
  let bytes = 0;
  const note = (): void => markTaken({ at: new Date().toISOString(), bytes, whole: done === loads.length });
  await dropOthers([...new Set(loads.map(({ sheet }) => sheet))]);
  const worker = async (): Promise<void> => {
    for (let load = waiting.shift(); load && !isStopped(); load = waiting.shift()) {
      bytes += await keepPiece(load.sheet, load.piece);
      done += 1;
      tell(done, bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    note();
  }
}
