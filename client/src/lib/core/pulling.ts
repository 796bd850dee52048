/** PURE: learning what is new, feed by feed, until every granted feed is read to its head. */
import { asPull, newFeed, readPages, restart } from "./pages";
import { grantedScopes, note, type Ask, type Context, type Cursor, type Happening, type Round, PAGE } from "./round";
import type { Change, FeedMeta, Store } from "./state";

const SCOPES_AT_ONCE = 1000;
/** A feed that is begun anew so often in one round is left for the next. */
const MOST_RESTARTS = 3;
const MOST_GREETINGS = 3;

/** What a greeting changes: another epoch means that the server was restored, so all feeds are fetched again and the outbox stays. */
export function takeEpoch(store: Store, round: Round, epoch: string, context: Context): Change[] {
  const known = store.server.epoch ?? [...store.feeds.values()].find((feed) => feed.epoch !== null)?.epoch ?? null;
  const restored = known !== null && known !== epoch;
  round.restored ||= restored;
  const feeds = [...store.feeds.values()].flatMap((feed): Change[] => {
    const stale = feed.epoch !== null && feed.epoch !== epoch;
    // Another build may understand what this feed brought and the one before could not read.
    const unread = (feed.unread ?? 0) > 0 && feed.build !== context.build;
    return stale || unread ? [{ do: "feed", row: restart(feed, epoch, feed.view) }] : [];
  });
  return [...feeds, { do: "server", set: restored ? { epoch, resend: true } : { epoch } }];
}

/** The feeds of the next pull; empty when all are read. */
export function choosePull(store: Store, round: Round): FeedMeta[] {
  if (round.open === null) {
    round.open = grantedScopes(round).sort();
    round.total.rows = (round.hello?.feeds ?? []).reduce((sum, { scope, head }) => sum + Math.max(0, head - (store.feeds.get(scope)?.after ?? 0)), 0);
    round.pulledAll = round.open.length === 0;
  }
  return round.open.slice(0, SCOPES_AT_ONCE).map((scope) => feedOf(store, scope));
}

const feedOf = (store: Store, scope: string): FeedMeta => ({ ...(store.feeds.get(scope) ?? newFeed(scope)), state: "granted" });

/** On a line that breaks, shorter pages get through, which a whole one never might. They grow again once all has come, not between two pages: each break ends a round. */
const SHORTEST_PAGE = 20;
const pageOf = (store: Store): number => store.server.pull_rows || PAGE;

function nextPage(store: Store, worked: boolean): Change[] {
  const rows = worked ? Math.min(PAGE, pageOf(store) * 2) : Math.max(SHORTEST_PAGE, Math.floor(pageOf(store) / 2));
  return rows === pageOf(store) ? [] : [{ do: "server", set: { pull_rows: rows } }];
}

export const pullAsk = (store: Store, feeds: FeedMeta[]): Ask => ({ ask: "pull", body: { limit: pageOf(store), feeds: Object.fromEntries(feeds.map((feed) => [feed.scope, cursorOf(feed)])) } });

/** When a fetch began the server knows by itself: it enters who holds a feed (docs/SYNC.md). */
const cursorOf = ({ after, view }: FeedMeta): Cursor => ({ after, view });

export function takePull(store: Store, round: Round, scopes: string[], event: Happening, context: Context): Change[] {
  const answer = event.type === "answered" ? asPull(event.body) : null;
  if (!answer) return lostPull(store, round, event);
  if (answer.epoch !== round.hello?.epoch) return greetAgain(round);
  const waiting = (round.open ?? []).filter((scope) => !scopes.includes(scope));
  const read = readPages(store, scopes.map((scope) => feedOf(store, scope)), answer, context.build, waiting.length > 0);
  for (const scope of read.refetched) round.restarts[scope] = (round.restarts[scope] ?? 0) + 1;
  const endless = read.unfinished.filter((scope) => (round.restarts[scope] ?? 0) > MOST_RESTARTS);
  for (const scope of [...read.stuck, ...endless]) note(round, "pull", { code: "answer.incomplete", detail: scope });
  if (round.hello) round.hello.feeds = round.hello.feeds.filter((feed) => !read.gone.includes(feed.scope));
  round.pulled.rows += read.rows;
  round.pulled.pages += 1;
  round.open = [...read.unfinished.filter((scope) => !endless.includes(scope)), ...waiting];
  round.pulledAll = round.open.length === 0 && !round.problems.some(({ stage }) => stage === "pull");
  return [...read.changes, ...(round.pulledAll ? nextPage(store, true) : [])];
}

function lostPull(store: Store, round: Round, event: Happening): Change[] {
  if (event.type === "refused") note(round, "pull", event);
  else if (event.type === "answered") note(round, "pull", { code: "answer.unreadable" });
  round.open = [];
  round.pulledAll = false;
  return event.type === "failed" ? nextPage(store, false) : [];
}

/** Restored between greeting and pull: nothing of this answer is taken, the server is greeted anew. */
function greetAgain(round: Round): Change[] {
  if (round.greetings >= MOST_GREETINGS) {
    note(round, "pull", { code: "answer.incomplete", detail: "epoch" });
    round.open = [];
    return [];
  }
  Object.assign(round, { stage: "greet", hello: null, open: null, pulledAll: false, acksAsked: false });
  return [];
}
