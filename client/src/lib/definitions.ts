/** Names of properties and codes, as the server's datasets declare them: for cards, histories and sentences. */
import { getJson } from "./api";
import { announce } from "./changes";
import { listRecords } from "./records";
import { readMeta, writeMeta, session, type Session } from "./session";

export interface Labels { zh?: string; en?: string }
export interface PropertyDefinition { name: string; type?: string; labels?: Labels; unit?: string | null; sensitivity?: string; choices?: { value: string; labels: Labels }[] | null }
export interface DatasetDefinition { name: string; labels?: Labels; card?: string[]; resolvers?: string[]; parent?: { dataset: string; property: string } | null; properties: PropertyDefinition[] }

const DAY_MS = 86_400_000;

export interface Region { code: string; name: string; names?: Labels; level: string; parent: string | null }

interface Kept { at: number; datasets: DatasetDefinition[]; regions: Region[] }

/** Once a day is enough: definitions change with forms, not with visits. Answers whether they were fetched. */
export async function fetchDefinitions(at: Session, now: number = Date.now()): Promise<boolean> {
  const kept = await readMeta<Kept>(at.db, at.key, "definitions");
  if (kept && now - kept.at < DAY_MS && !(await isSentAnew(at, kept.regions))) return false;
  const token = at.account.token;
  const [datasets, regions] = await Promise.all([getJson<unknown>("/datasets", { token }), getJson<{ items: Region[] }>("/regions", { token })]);
  await writeMeta(at, "definitions", { at: now, datasets: normal(datasets), regions: regions.items });
  announce("records");
  return true;
}

/** An inspector learns the name of a village with the first household there that is lent. */
async function isSentAnew(at: Session, regions: Region[]): Promise<boolean> {
  if (!at.account.user.roles.some(({ role }) => role === "inspector")) return false;
  const known = new Set(regions.map(({ code }) => code));
  return (await listRecords("household")).some(({ region }) => !known.has(region));
}

export async function loadRegions(): Promise<Region[]> {
  const at = session();
  return (await readMeta<Kept>(at.db, at.key, "definitions"))?.regions ?? [];
}

export async function loadDefinitions(): Promise<DatasetDefinition[]> {
  const at = session();
  return (await readMeta<Kept>(at.db, at.key, "definitions"))?.datasets ?? [];
}

/** Lists and maps by name are both read. */
function normal(answer: unknown): DatasetDefinition[] {
  return named(answer && typeof answer === "object" && "items" in answer ? answer.items : answer).map((dataset) => ({
    ...(dataset as unknown as DatasetDefinition), properties: named(dataset["properties"]).map((item) => ({ ...(item as unknown as PropertyDefinition), choices: choicesOf(item["choices"]) })),
  }));
}

type Loose = Record<string, unknown> & { name: string };

function named(value: unknown): Loose[] {
  if (Array.isArray(value)) return value as Loose[];
  if (!value || typeof value !== "object") return [];
  return Object.entries(value).map(([name, item]) => ({ name, ...(item as object) }) as Loose);
}

function choicesOf(value: unknown): { value: string; labels: Labels }[] | null {
  if (!value || typeof value !== "object") return null;
  if (!Array.isArray(value)) return Object.entries(value).map(([code, labels]) => ({ value: code, labels: labels as Labels }));
  return value.map((item: { value?: string; name?: string; labels?: Labels }) => ({ value: item.value ?? item.name ?? "", labels: item.labels ?? {} }));
}
