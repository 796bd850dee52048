/** Findings about the own village: appealed, accepted and reported as put right without a network, sent like a visit. */
import { getResponse } from "./api";
import { cacheKey, openCached, sealCached } from "./cache";
import { announce } from "./changes";
import { uuid7 } from "./ids";
import { addOp, listOutbox, makeOp, type NewOp, type OutboxItem } from "./outbox";
import { photosOf } from "./photos";
import { Problem } from "./problem";
import { listFindings } from "./records";
import { session, type Session } from "./session";
import { inTurn } from "./turns";
import type { FindingEntry, FindingOffer, Fix } from "./types";
import { attachmentsOf } from "./visit";

/** `sent`: the own step that is on its way, null when there is none. `offers`: what may be done today. */
export interface OpenFinding extends FindingEntry { sent: OutboxItem | null }

/** Photos of a step that is being made have this owner. */
export const ownerOf = (findingId: string): string => `finding:${findingId}`;
const textKey = (findingId: string): string => cacheKey("finding-text", findingId);

/** The day in China, where the clocks of findings run. */
export const dayOf = (moment: Date): string => new Date(moment.getTime() + 8 * 3600_000).toISOString().slice(0, 10);

/** What the village may still do on this day. */
export const offersOn = (entry: FindingEntry, day: string): FindingOffer[] => (entry.lapses && entry.due_on && day > entry.due_on ? [] : (entry.offers ?? []));

/** Those that wait for the village first, then by their last day; final ones last. */
export async function openFindings(outbox?: OutboxItem[], now = new Date()): Promise<OpenFinding[]> {
  const entries = await listFindings();
  if (entries.length === 0) return [];
  const items = outbox ?? (await listOutbox());
  const all = entries.map((entry) => ({ ...entry, offers: offersOn(entry, dayOf(now)), sent: sentStep(entry, items) }));
  const rank = (one: OpenFinding): number => (one.final ? 2 : one.offers.length > 0 && !one.sent ? 0 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || ((a.due_on ?? "9") < (b.due_on ?? "9") ? -1 : 1));
}

/** An own step that the server has not shown back yet. */
const sentStep = (entry: FindingEntry, items: OutboxItem[]): OutboxItem | null =>
  items.find((item) => item.step?.finding_id === entry.id && item.state !== "needs_you" && !entry.steps.some((step) => step.id === item.op_id)) ?? null;

/** What was typed so far: a killed tab loses none of it. */
export const keepWords = (findingId: string, text: string): Promise<void> => inTurn(textKey(findingId), async () => {
  const at = session();
  await at.db.cache.put(await sealCached(at, textKey(findingId), text));
});

export async function keptWords(findingId: string): Promise<string> {
  const at = session();
  const row = await at.db.cache.get(textKey(findingId));
  return row ? openCached<string>(at, row) : "";
}

/** Queues the step with its photos. Gives the op's id. */
export async function sendStep(finding: FindingEntry, offer: FindingOffer, text: string, fix: Fix | null = null): Promise<string> {
  const at = session();
  const opId = await inTurn(textKey(finding.id), () => inTurn("own-work", () => queueStep(at, finding, offer, text.trim(), fix)));
  announce("outbox", "records");
  return opId;
}

async function queueStep(at: Session, finding: FindingEntry, offer: FindingOffer, text: string, fix: Fix | null): Promise<string> {
  const photos = await photosOf(at, ownerOf(finding.id));
  if ((offer.needs.includes("text") && text === "") || (offer.needs.includes("photo") && photos.length === 0)) throw new Problem("finding.incomplete");
  const body = { finding_id: finding.id, step: offer.step, text, attachments: await attachmentsOf(photos, fix, at.install.device_key) };
  const op = await makeOp(at, {
    op_id: uuid7(), kind: "finding_step", body, depends_on: [], title: finding.household?.label ?? "", names: offer.labels, instance_id: "", household_id: finding.household?.id ?? "", bases: [],
  });
  await storeStep(at, finding.id, op, photos.map(({ row }) => row.id));
  return op.row.op_id;
}

/** The op, its photos and the end of what was being written: all of it or nothing. */
async function storeStep(at: Session, findingId: string, op: NewOp, photos: string[]): Promise<void> {
  const { db } = at;
  await db.transaction("rw", [db.ops, db.counters, db.bases, db.photos, db.cache], async () => {
    await addOp(db, op);
    for (const id of photos) await db.photos.update(id, { owner: op.row.op_id, state: "pending" });
    await db.cache.delete(textKey(findingId));
  });
}

/** The photo that showed it, or one of a step; null where there is no network for it just now. */
export async function findingPhoto(findingId: string, name: string): Promise<Blob | null> {
  try {
    return await (await getResponse(`/findings/${findingId}/photos/${name}?size=1280`, { token: session().account.token })).blob();
  } catch (cause) {
    if (cause instanceof Problem) return null;
    throw cause;
  }
}
