/** Where and when a photo was taken, as far as a browser can say. A position is never waited for. */
import { bytesOf, sha256 } from "./bytes";
import { isUnlocked, session } from "./session";
import type { CaptureRecord, CaptureSource, Fix } from "./types";

/** Keeps the best fix of a short watch, which ends by itself once the place is exact enough. */
export interface FixWatch {
  readonly best: Fix | null;
  /** When the best fix came, milliseconds of this phone's clock: fixes carry the receiver's own time. */
  readonly best_at: number;
  /** False once it has ended. */
  readonly running: boolean;
  /** Ends early at this accuracy, metres. */
  enough_m: number;
  readonly count: number;
  /** Largest distance between the best fix and another of the window, metres. */
  readonly jitter_m: number | null;
  /** granted | denied | prompt | unavailable */
  readonly permission: string;
  /** Gives the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  stop(): void;
}

/** Exact enough for a photo, metres; and so many fixes, so that their spread is known. */
export const ENOUGH_M = 10;
const ENOUGH_FIXES = 3;
/** Worse than this is the approximate place that a phone gives where the exact one was not allowed. */
export const COARSE_M = 100;

/** Older fixes than this say little about the place where the phone is now, milliseconds. */
const FRESH_MS = 60_000;

export function toFix(position: GeolocationPosition): Fix {
  const { longitude, latitude, accuracy, altitude, speed, heading } = position.coords;
  return {
    lon: longitude, lat: latitude, accuracy_m: accuracy, altitude_m: altitude, speed, heading: Number.isNaN(heading) ? null : heading,
    time: new Date(position.timestamp).toISOString(),
  };
}

/** The more exact one, unless it has gone stale. */
export function betterFix(kept: Fix | null, came: Fix): Fix {
  if (!kept || Date.parse(came.time) - Date.parse(kept.time) > FRESH_MS) return came;
  return came.accuracy_m <= kept.accuracy_m ? came : kept;
}

/** Metres between two fixes, on a sphere: good enough for the spread of a window. */
export function metresBetween(a: Pick<Fix, "lon" | "lat">, b: Pick<Fix, "lon" | "lat">): number {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  return Math.hypot(x, (b.lat - a.lat) * rad) * 6371008.8;
}

class Watch implements FixWatch {
  best_at = 0;
  permission = "prompt";
  private seen: Fix[] = [];
  private readonly listeners = new Set<() => void>();
  private id: number | null = null;

  constructor(source: Geolocation | undefined, public best: Fix | null, public enough_m: number) {
    if (!source) this.permission = "unavailable";
    else this.id = source.watchPosition((position) => this.take(position), (error) => this.fail(error), { enableHighAccuracy: true, maximumAge: 0, timeout: 60_000 });
  }

  get count(): number { return this.seen.length; }

  get running(): boolean { return this.id !== null; }

  get jitter_m(): number | null {
    const best = this.best;
    return best && this.seen.length > 1 ? Math.round(Math.max(...this.seen.map((fix) => metresBetween(best, fix))) * 10) / 10 : null;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  stop(): void {
    if (this.id !== null) navigator.geolocation.clearWatch(this.id);
    this.id = null;
  }

  private take(position: GeolocationPosition): void {
    const fix = toFix(position);
    this.permission = "granted";
    const best = betterFix(this.best, fix);
    if (best === fix) this.best_at = Date.now();
    this.best = best;
    // A long stay at one page must not grow for ever.
    this.seen = [...this.seen, fix].slice(-50);
    if (best.accuracy_m <= this.enough_m && this.seen.length >= ENOUGH_FIXES) this.stop();
    this.tell();
  }

  private fail(error: GeolocationPositionError): void {
    if (error.code === error.PERMISSION_DENIED) this.permission = "denied";
    this.tell();
  }

  private tell(): void { for (const listener of [...this.listeners]) listener(); }
}

/** `known`: the best so far, of a watch that has ended. */
export function watchFix(known: Fix | null = null, enough_m = ENOUGH_M): FixWatch {
  return new Watch(typeof navigator === "undefined" ? undefined : navigator.geolocation, known, enough_m);
}

/** How well a place is known: exact, only roughly, not yet (looking, slow), or not at all. Nothing waits for any of them. */
export type Whereabouts = "exact" | "coarse" | "looking" | "slow" | "denied" | "unavailable";

/** `isLate`: it has taken longer than people expect. */
export function whereabouts(fix: Fix | null, permission: string, isLate: boolean): Whereabouts {
  if (fix) return fix.accuracy_m > COARSE_M ? "coarse" : "exact";
  if (permission === "denied" || permission === "unavailable") return permission;
  return isLate ? "slow" : "looking";
}

export interface Shot {
  bytes: Blob; source: CaptureSource; lastModified?: number | null; width?: number | null; height?: number | null;
  /** SHA-256 of the file before any resize; left out when nothing was changed. */
  originalSha256?: string;
  visitId: string; householdId: string | null; slot: string | null;
}

/** Builds the capture record of one shot; hashes the exact bytes that will be kept. Never fails for want of a fix. */
export async function captureRecord(shot: Shot, watch: FixWatch | null): Promise<CaptureRecord> {
  const hash = await sha256(await bytesOf(shot.bytes));
  return {
    photo_sha256: hash, original_sha256: shot.originalSha256 ?? hash, bytes: shot.bytes.size, width: shot.width ?? null, height: shot.height ?? null,
    media_type: shot.bytes.type || "image/jpeg", source: shot.source, last_modified: shot.lastModified ? new Date(shot.lastModified).toISOString() : null,
    fix: watch?.best ?? null, n_fixes: watch?.count ?? 0, jitter_m: watch?.jitter_m ?? null, permission: watch?.permission ?? "unavailable", fix_at_save: null,
    wall_ms: Date.now(), time_origin: performance.timeOrigin, monotonic_ms: performance.now(), tz_offset_min: -new Date().getTimezoneOffset(),
    server_time_seen: isUnlocked() ? session().account.clock?.server_time ?? null : null,
    visit_id: shot.visitId, household_id: shot.householdId, slot: shot.slot, app_build: __APP_BUILD__,
    device_key_id: isUnlocked() ? session().install.device_key_id : null,
  };
}

/** A slow phone finds its place while the shot is being looked at: what came within a minute of it is the place of the shot. */
export function withLaterFix(record: CaptureRecord, watch: FixWatch | null): CaptureRecord {
  if (!watch?.best || watch.best_at > record.wall_ms + FRESH_MS) return record;
  return { ...record, fix: record.fix ? betterFix(record.fix, watch.best) : watch.best, n_fixes: watch.count, jitter_m: watch.jitter_m, permission: watch.permission };
}
