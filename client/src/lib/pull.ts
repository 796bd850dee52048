/** Learns what is new, feed by feed; a page and its cursor are stored together, so that a broken line costs one page. */
import { postJson } from "./api";
import { announce } from "./changes";
import type { FeedRow } from "./database";
import { newFeed, removeScope, restart, storePages, type PullAnswer } from "./feeds";
import { uuid7 } from "./ids";
import { addOp, makeOp } from "./outbox";
import type { Session } from "./session";
import type { Hello } from "./sync";
import { inTurn } from "./turns";

export interface PullCount { rows: number; pages: number; gone: number }
type Progress = (done: number, total: number) => void;

const PAGE = 500;

export async function pullFeeds(at: Session, hello: Hello, progress: Progress): Promise<PullCount> {
  const count: PullCount = { rows: 0, pages: 0, gone: await leaveScopes(at, hello) };
  let open = await openFeeds(at, hello);
  const total = open.reduce((sum, feed) => sum + Math.max(0, (headOf(hello, feed.scope) ?? 0) - feed.after), 0);
  while (open.length > 0) {
    const answer = await ask(at, open);
    const { rows, again } = await storeAnswer(at, open, answer);
    count.rows += rows;
    count.pages += 1;
    progress(Math.min(count.rows, total), total);
    if (rows > 0) announce("records");
    open = again;
  }
  return count;
}

const headOf = (hello: Hello, scope: string): number | undefined => hello.feeds.find((feed) => feed.scope === scope)?.head;

/** Every granted feed with its cursor. Another epoch (the server was restored) means: all again, mark and sweep. */
async function openFeeds(at: Session, hello: Hello): Promise<FeedRow[]> {
  const kept = new Map((await at.db.feeds.toArray()).map((feed) => [feed.scope, feed]));
  return hello.feeds.filter((feed) => feed.state === "granted").map(({ scope, view }) => {
    const feed = kept.get(scope);
    if (!feed) return newFeed(scope);
    return feed.epoch !== null && feed.epoch !== hello.epoch ? restart(feed, hello.epoch, view) : feed;
  });
}

const ask = (at: Session, feeds: FeedRow[]): Promise<PullAnswer> => postJson<PullAnswer>("/sync/pull", {
  install_id: at.install.install_id, limit: PAGE, feeds: Object.fromEntries(feeds.map((feed) => [feed.scope, { after: feed.after, view: feed.view }])),
}, { token: at.account.token, timeoutMs: 120_000 });

/** Stores one answer and gives the feeds that have more. A refetch counts as more. */
async function storeAnswer(at: Session, asked: FeedRow[], answer: PullAnswer): Promise<{ rows: number; again: FeedRow[] }> {
  const pages = asked.flatMap((feed) => {
    const page = answer.feeds[feed.scope];
    return page ? [{ feed, page }] : [];
  });
  const unfinished = pages.filter(({ page }) => page.status === "must_refetch" || (page.status === "ok" && page.more)).map(({ feed }) => feed.scope);
  const rows = await inTurn("own-work", () => storePages(at, pages, answer.epoch, unfinished.length === 0));
  const again = (await at.db.feeds.bulkGet(unfinished)).filter((feed): feed is FeedRow => feed !== undefined);
  return { rows, again };
}

/** A scope that is being taken away is wiped once nothing of ours is unsent, and the server is told. */
async function leaveScopes(at: Session, hello: Hello): Promise<number> {
  const granted = new Set(hello.feeds.filter((feed) => feed.state === "granted").map((feed) => feed.scope));
  const leaving = (await at.db.feeds.toArray()).filter((feed) => !granted.has(feed.scope));
  if (leaving.length === 0 || (await hasUnsent(at))) return 0;
  for (const feed of leaving) await leave(at, feed.scope);
  announce("records");
  return leaving.length;
}

const hasUnsent = async (at: Session): Promise<boolean> =>
  (await at.db.ops.where("state").equals("queued").count()) + (await at.db.photos.where("state").equals("pending").count()) > 0;

async function leave(at: Session, scope: string): Promise<void> {
  const { db } = at;
  const count = await db.memberships.where("scope").equals(scope).count();
  const op = await makeOp(at, {
    op_id: uuid7(), kind: "revocation_ack", body: { scope, count }, depends_on: [], title: "", names: {}, instance_id: "", household_id: "", bases: [], bodySize: 100,
  });
  await inTurn("own-work", () => db.transaction("rw", [db.memberships, db.records, db.feeds, db.ops, db.counters, db.bases], async () => {
    await removeScope(db, scope);
    await addOp(db, op);
  }));
}
