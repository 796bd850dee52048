/** When the next round begins by itself. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const rounds = vi.hoisted(() => ({ outcomes: [] as string[], begun: 0 }));
vi.mock("@lib/sync", () => ({
  sync: async () => {
    rounds.begun += 1;
    return { outcome: rounds.outcomes.shift() ?? "done", problems: [], at: "", pushed: {}, photos: {}, pulled: {}, forms: 0, resent: 0, checked: null, minimum_app_build: null };
  },
}));
vi.mock("@lib/session", () => ({ isUnlocked: () => true, whileOpen: async () => undefined, session: () => ({}) }));
vi.mock("@lib/finding-photos", () => ({ keepFindingPhotos: async () => undefined }));
vi.mock("@lib/last-photos", () => ({ fetchLastPhotos: async () => 0 }));
vi.mock("./photo-line", () => ({ photosWait: () => false }));
const { forgetSyncing, syncNow } = await import("./syncing");

beforeEach(() => {
  rounds.begun = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  forgetSyncing();
  vi.useRealTimers();
});

test("after a round of another tab this one asks again soon: what was saved here may have missed it", async () => {
  rounds.outcomes = ["busy", "done"];
  await syncNow();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(rounds.begun).toBe(2);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(rounds.begun, "after a good round there is time").toBe(2);
});
