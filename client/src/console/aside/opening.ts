/** One row opened: its bytes, and what they are about as far as this person may see it. */
import { asProblem } from "@lib/problem";
import { read } from "../api";
import type { Submission } from "../wire";
import { type Payload, payloadOf } from "./payload";
import type { Opened } from "./wire";

export interface About { id: string; dataset: string; label: string | null; region: string | null; create: boolean }
export interface Story { row: Opened; payload: Payload; about: About[]; visit: Submission | null }

/** null for what is not there for this person: a household that nobody has made yet, a visit without a village. */
async function ifThere<T>(path: string): Promise<T | null> {
  try {
    return await read<T>(path);
  } catch (cause) {
    if (asProblem(cause).status === 404) return null;
    throw cause;
  }
}

export async function openRow(id: string): Promise<Story> {
  const row = await read<Opened>(`/quarantine/${encodeURIComponent(id)}`);
  const payload = payloadOf(row.raw);
  const about = await Promise.all(payload.named.slice(0, 5).map(async (one): Promise<About> => {
    const found = await ifThere<{ label: string; region: string }>(`/entities/${encodeURIComponent(one.id)}`);
    return { ...one, label: found?.label ?? null, region: found?.region ?? null };
  }));
  const visit = row.instance_id ? await ifThere<Submission>(`/submissions/${encodeURIComponent(row.instance_id)}`) : null;
  return { row, payload, about, visit };
}

