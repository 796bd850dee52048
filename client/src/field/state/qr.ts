/** Reads codes: with the browser's own reader where there is one; else QR codes alone, with a small library that is fetched for it. */
import type { DecodeQR } from "qr/decode.js";

interface Reader { detect(source: CanvasImageSource): Promise<{ rawValue: string }[]> }
interface ReaderClass { new (options: { formats: string[] }): Reader; getSupportedFormats(): Promise<string[]> }

/** Larger pictures are read at this size (pixels of the longer side): a code fills a good part of them. */
const MOST = 1000;
/** Milliseconds for one picture. */
const PATIENCE = 400;

/** "qr": QR codes alone · "every": the bars on a meter or a card as well, where the browser reads them. */
export type Kinds = "qr" | "every";
export interface CodeReader { read(source: HTMLVideoElement | ImageBitmap): Promise<string | null>; readsBars: boolean }

export async function codeReader(kinds: Kinds): Promise<CodeReader> {
  const own = (globalThis as { BarcodeDetector?: ReaderClass }).BarcodeDetector;
  const known = (await own?.getSupportedFormats().catch((): string[] => [])) ?? [];
  if (own && known.includes("qr_code")) {
    const formats = kinds === "qr" ? ["qr_code"] : known.filter((name) => name !== "unknown");
    const reader = new own({ formats });
    return { read: async (source) => (await reader.detect(source))[0]?.rawValue ?? null, readsBars: formats.length > 1 };
  }
  const { decodeQR } = await import("qr/decode.js");
  return { read: async (source) => readPixels(decodeQR, source), readsBars: false };
}

function readPixels(decode: DecodeQR, source: HTMLVideoElement | ImageBitmap): string | null {
  const [width, height] = source instanceof HTMLVideoElement ? [source.videoWidth, source.videoHeight] : [source.width, source.height];
  const factor = Math.min(1, MOST / Math.max(width, height, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * factor);
  canvas.height = Math.round(height * factor);
  const ctx = canvas.getContext("2d");
  if (!ctx || canvas.width === 0) return null;
  ctx.drawImage(source, 0, 0, canvas.width, canvas.height);
  try {
    return decode(ctx.getImageData(0, 0, canvas.width, canvas.height), { timeLimit: PATIENCE });
  } catch {
    return null; // no code in this picture
  }
}
