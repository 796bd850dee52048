/** Squares of the ground as pictures, drawn from the pieces of all sheets. What was looked at last stays in memory. */
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { readPiece, type Piece, type Sheet } from "@lib/ground-pieces";
import { drawLines } from "./ground-lines";

/** Pictures in memory: twice a screen of them. */
const MOST = 40;
/** Where a depth is not here (not taken along), a piece of so many depths above does. */
const ABOVE = 5;
const SIDE = 256;

type Content = { tile: VectorTile } | { picture: ImageBitmap } | null;
/** The part of a piece that a cell below it shows. */
export interface Part { scale: number; right: number; down: number }

export class GroundCells {
  private readonly pictures = new Map<string, HTMLCanvasElement | null>();
  private readonly contents = new Map<string, Promise<Content>>();
  private readonly side = SIDE * Math.min(2, window.devicePixelRatio || 1);

  constructor(private readonly sheets: Sheet[], private readonly language: () => string, private readonly tell: () => void) {}

  /** Null while it is fetched; `tell` says when there is more to draw. */
  at({ z, x, y }: Piece): HTMLCanvasElement | null {
    const name = `${z}/${x}/${y}`;
    const known = this.pictures.get(name);
    if (known === undefined) void this.make(name, { z, x, y });
    return known ?? null;
  }

  /** Drawn anew: other pieces are here now, or the reader's language is another. */
  forget(): void {
    this.pictures.clear();
    this.contents.clear();
  }

  private async make(name: string, cell: Piece): Promise<void> {
    this.pictures.set(name, null);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = this.side;
    const ctx = canvas.getContext("2d");
    if (!ctx) return;
    for (const sheet of this.sheets) await this.drawSheet(ctx, sheet, cell);
    this.pictures.set(name, canvas);
    for (const old of [...this.pictures.keys()].slice(0, Math.max(0, this.pictures.size - MOST))) this.pictures.delete(old);
    this.tell();
  }

  private async drawSheet(ctx: CanvasRenderingContext2D, sheet: Sheet, cell: Piece): Promise<void> {
    const deepest = Math.min(cell.z, sheet.max);
    for (let z = deepest; z >= Math.max(sheet.min, deepest - ABOVE); z -= 1) {
      const scale = 2 ** (cell.z - z);
      const piece = { z, x: Math.floor(cell.x / scale), y: Math.floor(cell.y / scale) };
      const content = await this.content(sheet, piece);
      if (!content) continue;
      const part = { scale, right: cell.x - piece.x * scale, down: cell.y - piece.y * scale };
      if ("tile" in content) drawLines(ctx, content.tile, part, this.side, this.language());
      else ctx.drawImage(content.picture, -part.right * this.side, -part.down * this.side, scale * this.side, scale * this.side);
      return;
    }
  }

  private content(sheet: Sheet, piece: Piece): Promise<Content> {
    const name = `${sheet.id}/${piece.z}/${piece.x}/${piece.y}`;
    const known = this.contents.get(name) ?? contentOf(sheet, piece);
    this.contents.set(name, known);
    for (const old of [...this.contents.keys()].slice(0, Math.max(0, this.contents.size - MOST))) this.contents.delete(old);
    return known;
  }
}

/** A piece that cannot be read is left out: the ground helps, and nothing rests on it. */
async function contentOf(sheet: Sheet, piece: Piece): Promise<Content> {
  const bytes = await readPiece(sheet, piece);
  if (!bytes) return null;
  try {
    if (sheet.kind === "vector") return { tile: new VectorTile(new PbfReader(bytes)) };
    return { picture: await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>])) };
  } catch {
    return null;
  }
}
