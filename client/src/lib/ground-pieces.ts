/** The office's ground on the phone, piece by piece (tiles): from the cache that the worker filled, else from our own server.
 *
 * The ground names nobody, so it is not sealed; it has a cache of its own, beside that of the app's files, and can be
 * taken away at any time. What is only looked at online is kept nowhere.
 */
import type { PMTiles } from "pmtiles";
import { BASE, getJson, getResponse } from "./api";
import { hasGround, isFile, type Ground, type GroundFile } from "./ground";
import { Problem } from "./problem";
import { readMeta, session, writeMeta, type Session } from "./session";

export interface Piece { z: number; x: number; y: number }
/** One sheet of the ground, lowest first. `read`: bytes of a piece, null where the sheet has none. */
export interface Sheet { id: string; kind: "vector" | "raster"; min: number; max: number; read(piece: Piece): Promise<Uint8Array | null> }

const CACHE = "ruhu-ground";
const addressOf = (sheet: Sheet, { z, x, y }: Piece): string => `/ground/${sheet.id}/${z}/${x}/${y}`;
/** `BASE` is put before every path by api.ts. */
const pathOf = (url: string): string => (url.startsWith(BASE) ? url.slice(BASE.length) : url);

/** What the server offers, as it was last said; null: it was never asked, or has no ground. */
export async function loadGround(): Promise<Ground | null> {
  const at = session();
  const kept = await readMeta<Ground>(at.db, at.key, "ground");
  return kept && hasGround(kept) ? kept : null;
}

export async function fetchGround(): Promise<Ground | null> {
  const at = session();
  await writeMeta(at, "ground", await getJson<Ground>("/maps", { token: at.account.token }));
  return loadGround();
}

export function sheetsOf(ground: Ground): Sheet[] {
  const at = session();
  const pictures = ground.tiles.map(({ url, max_zoom }, n): Sheet => ({ id: `tiles-${n}`, kind: "raster", min: 0, max: max_zoom, read: (piece) => readPicture(at, url, piece) }));
  return isFile(ground.file) ? [sheetOfFile(at, ground.file), ...pictures] : pictures;
}

async function readPicture(at: Session, url: string, { z, x, y }: Piece): Promise<Uint8Array | null> {
  const path = pathOf(url).replace("{z}", `${z}`).replace("{x}", `${x}`).replace("{y}", `${y}`);
  return readOr404(async () => new Uint8Array(await (await getResponse(path, { token: at.account.token })).arrayBuffer()));
}

function sheetOfFile(at: Session, file: GroundFile): Sheet {
  let archive: Promise<PMTiles> | null = null;
  const read = async ({ z, x, y }: Piece): Promise<Uint8Array | null> => {
    archive ??= openFile(at, file);
    const found = await (await archive).getZxy(z, x, y);
    return found ? new Uint8Array(found.data) : null;
  };
  return { id: `file-${file.version}`, kind: file.kind, min: file.min_zoom, max: file.max_zoom, read };
}

/** Its parts are asked for by the bytes that they lie at. */
async function openFile(at: Session, { url, version }: GroundFile): Promise<PMTiles> {
  const { PMTiles: Archive } = await import("pmtiles");
  return new Archive({
    getKey: () => `${url}?v=${version}`,
    getBytes: async (offset, length) => {
      const answer = await getResponse(`${pathOf(url)}?v=${version}`, { token: at.account.token, headers: { Range: `bytes=${offset}-${offset + length - 1}` } });
      return { data: await answer.arrayBuffer() };
    },
  });
}

async function readOr404<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 404) return null;
    throw cause;
  }
}

/** From what was taken along, else over the network; null where there is nothing, or nothing can be had now. */
export async function readPiece(sheet: Sheet, piece: Piece): Promise<Uint8Array | null> {
  const kept = await (await caches.open(CACHE)).match(addressOf(sheet, piece));
  if (kept) return bytesOrNull(await kept.arrayBuffer());
  try {
    return await sheet.read(piece);
  } catch (cause) {
    if (cause instanceof Problem) return null;
    throw cause;
  }
}

/** An empty piece is remembered too: nobody asks for it again. */
const bytesOrNull = (bytes: ArrayBuffer): Uint8Array | null => (bytes.byteLength > 0 ? new Uint8Array(bytes) : null);

/** Bytes that this piece takes on the phone; what is there already is not fetched again. */
export async function keepPiece(sheet: Sheet, piece: Piece): Promise<number> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(addressOf(sheet, piece));
  if (kept) return (await kept.arrayBuffer()).byteLength;
  const bytes = (await sheet.read(piece)) ?? new Uint8Array();
  await cache.put(addressOf(sheet, piece), new Response(bytes as Uint8Array<ArrayBuffer>));
  return bytes.length;
}

/** What lies here of sheets that the server no longer has. */
export async function dropOthers(sheets: Sheet[]): Promise<void> {
  const cache = await caches.open(CACHE);
  const known = sheets.map((sheet) => `/ground/${sheet.id}/`);
  for (const request of await cache.keys()) if (!known.some((start) => new URL(request.url).pathname.startsWith(start))) await cache.delete(request);
}

export const dropGround = (): Promise<boolean> => caches.delete(CACHE);

/** When the ground was taken along and what it weighs; null where none is here. */
export interface Taken { at: string; bytes: number; whole: boolean }
const TAKEN = "ruhu-ground-taken";

export function takenGround(): Taken | null {
  try {
    return JSON.parse(localStorage.getItem(TAKEN) ?? "null") as Taken | null;
  } catch {
    return null;
  }
}

export function markTaken(taken: Taken | null): void {
  if (taken) localStorage.setItem(TAKEN, JSON.stringify(taken));
  else localStorage.removeItem(TAKEN);
}
