/** Photos of findings: as large as the line gives them, and a small copy of what has to be seen where there is none. */
import { getResponse } from "./api";
import { bytesOf, fromBase64, toBase64 } from "./bytes";
import { cacheKey, openCached, sealCached } from "./cache";
import { listFindings } from "./records";
import { Problem } from "./problem";
import { session, type Session } from "./session";
import { ifFree } from "./turns";
import type { FindingEntry } from "./types";

/** Small copies by name (`before`, or the file's hash), in base64. */
type Copies = Record<string, string>;

const keyOf = (id: string): string => cacheKey("finding-photos", id);

async function copiesOf(at: Session, id: string): Promise<Copies> {
  const row = await at.db.cache.get(keyOf(id));
  return row ? openCached<Copies>(at, row) : {};
}

/** The photo that showed it, then what the village sent with its steps, newest first. */
export const photosIn = (finding: FindingEntry): string[] => [...(finding.photo_id ? ["before"] : []), ...sentFor(finding)];

/** What was reported as put right, newest first. */
export const sentFor = ({ steps }: FindingEntry): string[] => steps.filter((step) => step.step === "claim").reverse().flatMap((step) => step.files.filter((file) => file.state === "complete").map((file) => file.sha256));

async function fetched(at: Session, id: string, name: string, size: 320 | 1280): Promise<Blob | null> {
  try {
    return await (await getResponse(`/findings/${id}/photos/${name}?size=${size}`, { token: at.account.token })).blob();
  } catch (cause) {
    if (cause instanceof Problem) return null;
    throw cause;
  }
}

/** One photo of a finding; null where neither the line nor this phone has it. */
export async function findingPhoto(id: string, name: string): Promise<Blob | null> {
  const at = session();
  const kept = (await copiesOf(at, id))[name];
  return (await fetched(at, id, name, 1280)) ?? (kept ? new Blob([fromBase64(kept)], { type: "image/jpeg" }) : null);
}

/** Whoever is sent to look gets the photos before the way there. A lost line is no failure: the next round asks again. */
export async function keepFindingPhotos(at: Session): Promise<void> {
  await ifFree(`finding-photos:${at.install.install_id}`, async () => {
    for (const finding of await listFindings()) if (finding.side === "inspection" && !finding.final) await keepOf(at, finding);
  });
}

async function keepOf(at: Session, finding: FindingEntry): Promise<void> {
  const copies = await copiesOf(at, finding.id);
  const missing = photosIn(finding).filter((name) => !(name in copies));
  for (const name of missing) {
    const photo = await fetched(at, finding.id, name, 320);
    if (photo) copies[name] = toBase64(await bytesOf(photo));
  }
  if (missing.length > 0) await at.db.cache.put(await sealCached(at, keyOf(finding.id), copies));
}
