/** Where and when a photo was taken, as far as a browser can say. A position is never waited for. */
import { bytesOf, sha256 } from "./bytes";
import { isUnlocked, session } from "./session";
import type { CaptureRecord, CaptureSource, Fix } from "./types";

/** Keeps the best fix of a short watch. Start it when the camera page opens; stop it when it closes. */
export interface FixWatch {
  readonly best: Fix | null;
  readonly count: number;
  /** Largest distance between the best fix and another of the window, metres. */
  readonly jitter_m: number | null;
  /** granted | denied | prompt | unavailable */
  readonly permission: string;
  onChange(listener: () => void): void;
  stop(): void;
}

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
  best: Fix | null = null;
  permission = "prompt";
  private seen: Fix[] = [];
  private listeners: (() => void)[] = [];
  private id: number | null = null;

  constructor(source: Geolocation | undefined) {
    if (!source) this.permission = "unavailable";
    else this.id = source.watchPosition((position) => this.take(position), (error) => this.fail(error), { enableHighAccuracy: true, maximumAge: 0, timeout: 60_000 });
  }

  get count(): number { return this.seen.length; }

  get jitter_m(): number | null {
    const best = this.best;
    return best && this.seen.length > 1 ? Math.round(Math.max(...this.seen.map((fix) => metresBetween(best, fix))) * 10) / 10 : null;
  }

  onChange(listener: () => void): void { this.listeners.push(listener); }

  stop(): void {
    if (this.id !== null) navigator.geolocation.clearWatch(this.id);
    this.id = null;
  }

  private take(position: GeolocationPosition): void {
    const fix = toFix(position);
    this.permission = "granted";
    this.best = betterFix(this.best, fix);
    // A long stay at one page must not grow for ever.
    this.seen = [...this.seen, fix].slice(-50);
    this.tell();
  }

  private fail(error: GeolocationPositionError): void {
    if (error.code === error.PERMISSION_DENIED) this.permission = "denied";
    this.tell();
  }

  private tell(): void { for (const listener of this.listeners) listener(); }
}

export function watchFix(): FixWatch {
  return new Watch(typeof navigator === "undefined" ? undefined : navigator.geolocation);
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
