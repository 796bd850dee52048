/** PURE: is everything here? Own digests are compared with the server's; a feed that differs is fetched again, mark and sweep. */
import { differing, digestOf, recordsOf, type DigestAnswer } from "./digest";
import { restart } from "./pages";
import { grantedScopes, note, type Context, type Happening, type Round } from "./round";
import type { Change, Store } from "./state";

const EVERY_MS = 24 * 3_600_000;

/** Once a day, after the server was restored, and when the worker asks. A clock set back asks too. */
const isDue = (store: Store, round: Round, { now, check }: Context): boolean => {
  const since = now - store.server.checked_at;
  return check || round.restored || since >= EVERY_MS || since < 0;
};

/** The next scope to compare; null when none is left. */
export function chooseCheck(store: Store, round: Round, context: Context): string | null {
  if (round.toCheck === null) {
    const due = round.pulledAll && isDue(store, round, context);
    round.toCheck = due ? grantedScopes(round).filter((scope) => scope !== "forms" && store.feeds.has(scope)).sort() : [];
    if (due) round.checked = { scopes: round.toCheck.length, records: 0, repaired: 0, wrong: 0, moved: 0 };
  }
  return round.toCheck[0] ?? null;
}

/** What was fetched again and differs all the same: another try before tomorrow would only cost the line. */
const DIFFERS = "digest.differs";

/** When the last scope was compared (not when one only failed to answer, nor when its repair was cut off). */
export function checkEnded(round: Round, { now }: Context): Change[] {
  const failed = round.problems.some(({ stage, code }) => stage === "check" && code !== DIFFERS);
  return round.checked && round.toCheck?.length === 0 && !failed ? [{ do: "server", set: { checked_at: now } }] : [];
}

export function takeDigest(store: Store, round: Round, scope: string, event: Happening): Change[] {
  const count = round.checked;
  const feed = store.feeds.get(scope);
  const answer = event.type === "answered" ? (event.body as DigestAnswer | null) : null;
  const rest = (round.toCheck ?? []).filter((one) => one !== scope);
  if (event.type === "refused" && event.status !== 404) note(round, "check", event);
  if (!count || !feed || !Array.isArray(answer?.buckets) || answer.head !== feed.head || (answer.view ?? null) !== feed.view) {
    if (count) count.moved += 1;
    round.toCheck = event.type === "refused" && event.status !== 404 ? [] : rest;
    return [];
  }
  const own = digestOf(recordsOf(store, scope));
  if (own.count === answer.count && differing(own.buckets, answer.buckets) === 0) {
    count.records += own.count;
    if (round.repairing.includes(scope)) count.repaired += 1;
    round.toCheck = rest;
    return [];
  }
  if (round.repairing.includes(scope)) {
    count.wrong += 1;
    note(round, "check", { code: DIFFERS, detail: scope });
    round.toCheck = rest;
    return [];
  }
  round.repairing.push(scope);
  Object.assign(round, { stage: "pull", open: [scope] });
  return [{ do: "feed", row: restart(feed, feed.epoch, feed.view) }];
}
