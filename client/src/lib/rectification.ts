/** Findings without a network: the village appeals, accepts, reports what was put right; whoever is sent to look verifies it, sends it back, closes it. */
import { cacheKey, openCached, sealCached } from "./cache";
import { announce } from "./changes";
import { uuid7 } from "./ids";
import { checkOf, type Check } from "./on-the-spot";
import { addOp, listOutbox, makeOp, type NewOp, type OutboxItem } from "./outbox";
import { photosOf } from "./photos";
import { Problem } from "./problem";
import { listFindings } from "./records";
import { session, type Session } from "./session";
import { inTurn } from "./turns";
import type { FindingEntry, FindingOffer, Fix } from "./types";
import { attachmentsOf } from "./visit";

/** `sent`: the own step that is on its way, null when there is none. `offers`: what may be done today. `look`: what was seen on the spot. */
export interface OpenFinding extends FindingEntry { sent: OutboxItem | null; look: Check | null }
/** What a step says beside its words; `fix`: where its photos were taken. */
export interface Saying { text: string; due?: string; check?: Check | null; fix?: Fix | null }

/** Photos of a step that is being made have this owner. */
export const ownerOf = (findingId: string): string => `finding:${findingId}`;
const textKey = (findingId: string): string => cacheKey("finding-text", findingId);

/** The day in China, where the clocks of findings run. */
export const dayOf = (moment: Date): string => new Date(moment.getTime() + 8 * 3600_000).toISOString().slice(0, 10);

/** What may still be done on this day. */
export const offersOn = (entry: FindingEntry, day: string): FindingOffer[] => (entry.lapses && entry.due_on && day > entry.due_on ? [] : (entry.offers ?? []));

/** Of a household nothing is verified or sent back before somebody has looked, and then what was seen decides. */
export function offersAfter(look: Check | null, entry: Pick<FindingEntry, "household" | "state">, offers: FindingOffer[]): FindingOffer[] {
  if (entry.state !== "claimed" || !entry.household) return offers;
  return look ? offers.filter(({ needs }) => needs.includes("check") === (look.verified === "yes")) : [];
}

export const lacksOf = (finding: Pick<FindingEntry, "household">, offer: FindingOffer, said: Saying, photos: number): boolean =>
  (offer.needs.includes("text") && said.text.trim() === "") || (offer.needs.includes("photo") && photos === 0) || (offer.needs.includes("due") && !said.due) ||
  (offer.needs.includes("check") && (finding.household ? !said.check : said.text.trim() === ""));

/** Those that wait for the village first, then by their last day; final ones last. */
export async function openFindings(outbox?: OutboxItem[], now = new Date()): Promise<OpenFinding[]> {
  const entries = await listFindings();
  if (entries.length === 0) return [];
  const items = outbox ?? (await listOutbox());
  const all = await Promise.all(entries.map((entry) => opened(entry, items, dayOf(now))));
  const rank = (one: OpenFinding): number => (one.final ? 2 : isWaiting(one) ? 0 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || ((a.due_on ?? "9") < (b.due_on ?? "9") ? -1 : 1));
}

async function opened(entry: FindingEntry, items: OutboxItem[], day: string): Promise<OpenFinding> {
  const look = await checkOf(entry);
  return { ...entry, look, offers: offersAfter(look, entry, offersOn(entry, day)), sent: sentStep(entry, items) };
}

/** Whether this worker is to do something: take a step, or go and look. */
export const isWaiting = (one: OpenFinding): boolean => !one.sent && (one.offers.length > 0 || (one.side === "inspection" && one.state === "claimed"));

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
export async function sendStep(finding: FindingEntry, offer: FindingOffer, said: Saying): Promise<string> {
  const at = session();
  const opId = await inTurn(textKey(finding.id), () => inTurn("own-work", () => queueStep(at, finding, offer, said)));
  announce("outbox", "records");
  return opId;
}

async function queueStep(at: Session, finding: FindingEntry, offer: FindingOffer, said: Saying): Promise<string> {
  const photos = await photosOf(at, ownerOf(finding.id));
  if (lacksOf(finding, offer, said, photos.length)) throw new Problem("finding.incomplete");
  const check = said.check ? { check: said.check.instance_id } : {};
  const due = said.due && offer.needs.includes("due") ? { due: said.due } : {};
  const attachments = await attachmentsOf(photos, said.fix ?? null, at.install.device_key);
  const body = { finding_id: finding.id, step: offer.step, text: said.text.trim(), ...due, ...check, attachments };
  const op = await makeOp(at, {
    op_id: uuid7(), kind: "finding_step", body, depends_on: said.check?.op_id ? [said.check.op_id] : [], title: finding.household?.label ?? "", names: offer.labels, instance_id: "", household_id: finding.household?.id ?? "", bases: [],
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
