/** What the phone knows of the server's time. The phone's own clock is never trusted, only described. */
import type { OpClock } from "./types";

/** One contact with the server: its time, and both clocks of the phone at that moment. */
export interface ClockAnchor { server_time: string; device_ms: number; monotonic_ms: number; time_origin: number }
export interface ClockReading { device_ms: number; monotonic_ms: number; time_origin: number }

/** Larger than this between the two clocks of one page life means that somebody set the phone's clock. */
const JUMP_MS = 5000;

export const readClock = (): ClockReading => ({ device_ms: Date.now(), monotonic_ms: performance.now(), time_origin: performance.timeOrigin });

export const anchorAt = (serverTime: string, reading: ClockReading = readClock()): ClockAnchor => ({ server_time: serverTime, ...reading });

/** Set back since the last contact, or (in the same page life) moved against the monotonic clock. */
export function hasJumped(anchor: ClockAnchor | null, now: ClockReading): boolean {
  if (!anchor) return false;
  if (now.device_ms < anchor.device_ms - JUMP_MS) return true;
  if (now.time_origin !== anchor.time_origin) return false;
  return Math.abs(now.device_ms - anchor.device_ms - (now.monotonic_ms - anchor.monotonic_ms)) > JUMP_MS;
}

export function describeClock(anchor: ClockAnchor | null, now: ClockReading = readClock()): OpClock {
  return {
    server_time_seen: anchor?.server_time ?? null,
    device_time_then: anchor ? new Date(anchor.device_ms).toISOString() : null,
    jumped: hasJumped(anchor, now),
  };
}
