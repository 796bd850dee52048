/** PURE but for the canvas: what a finger has drawn, kept as strokes so that one can be taken back. Lengths in CSS pixels. */

export interface Point { x: number; y: number }
export type Stroke = readonly Point[];
export interface Box { left: number; top: number; width: number; height: number }

export const INK = "#1D2521";
export const STROKE_PX = 3.5;
/** White kept around the ink, and the least size of a picture. */
const MARGIN = 16;
const LEAST = { width: 240, height: 96 };
/** More pixels than this make the file larger and nothing clearer. */
const MOST_PIXELS_WIDE = 1600;

/** What is kept of the pad: the ink with a margin, at least LEAST, inside a pad of this size. */
export function inkBox(strokes: readonly Stroke[], pad: { width: number; height: number }): Box {
  const points = strokes.flat();
  const along = (values: number[], least: number, most: number): [start: number, size: number] => {
    const low = Math.max(0, Math.min(...values) - MARGIN);
    const high = Math.min(most, Math.max(...values) + MARGIN);
    const size = Math.min(most, Math.max(high - low, least));
    return [Math.max(0, Math.min(low - (size - (high - low)) / 2, most - size)), size];
  };
  if (points.length === 0) return { left: 0, top: 0, ...pad };
  const [left, width] = along(points.map((one) => one.x), LEAST.width, pad.width);
  const [top, height] = along(points.map((one) => one.y), LEAST.height, pad.height);
  return { left, top, width, height };
}

export function paint(pen: CanvasRenderingContext2D, strokes: readonly Stroke[]): void {
  Object.assign(pen, { lineWidth: STROKE_PX, lineCap: "round", lineJoin: "round", strokeStyle: INK });
  for (const stroke of strokes) {
    const [first, ...rest] = stroke;
    if (!first) continue;
    pen.beginPath();
    pen.moveTo(first.x, first.y);
    // A tap is a dot.
    for (const { x, y } of rest.length > 0 ? rest : [first]) pen.lineTo(x, y);
    pen.stroke();
  }
}

/** Size in pixels of the kept picture. */
export function pixelSize(box: Box, ratio: number): { width: number; height: number; scale: number } {
  const scale = Math.min(Math.max(1, ratio), MOST_PIXELS_WIDE / box.width);
  return { width: Math.round(box.width * scale), height: Math.round(box.height * scale), scale };
}

/** The kept picture: ink on white, PNG. */
export async function pictureOf(strokes: readonly Stroke[], pad: { width: number; height: number }, ratio: number): Promise<{ bytes: Blob; width: number; height: number }> {
  const box = inkBox(strokes, pad);
  const { width, height, scale } = pixelSize(box, ratio);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.setTransform(scale, 0, 0, scale, -box.left * scale, -box.top * scale);
  paint(pen, strokes);
  const bytes = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!bytes) throw new Error("the picture could not be made");
  return { bytes, width, height };
}
