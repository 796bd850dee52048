/** Where and when a photo was taken, as far as a browser can say. */
import type { CaptureRecord, CaptureSource, Fix } from "./types";

/** Keeps the best fix of a short watch. Start it when the camera page opens; never wait for it. */
export interface FixWatch {
  readonly best: Fix | null;
  readonly count: number;
  /** Largest distance between fixes of the window, metres. */
  readonly jitter_m: number | null;
  readonly permission: string;
  onChange(listener: () => void): void;
  stop(): void;
}
export function watchFix(): FixWatch {
  throw new Error("being written");
}

export interface Shot {
  bytes: Blob; source: CaptureSource; lastModified?: number | null; width?: number | null; height?: number | null;
  /** SHA-256 of the file before any resize; left out when nothing was changed. */
  originalSha256?: string;
  visitId: string; householdId: string | null; slot: string | null;
}
/** Builds the capture record of one shot; hashes the exact bytes that will be kept. Never fails for want of a fix. */
export async function captureRecord(_shot: Shot, _watch: FixWatch | null): Promise<CaptureRecord> {
  throw new Error("being written");
}
