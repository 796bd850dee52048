/** The one place that speaks HTTP with the server. Every failure is a Problem. */
import { Problem, type ProblemIssue } from "./problem";

export const BASE = "/api/v1";
const SMALL_TIMEOUT_MS = 30_000;
/** The slowest line we still wait for, bytes per second. */
const SLOWEST = 2000;
/** A line that brings nothing for so long is dead, though nothing may ever say so. */
export const SILENT_MS = 60_000;

export interface Call { token?: string | null; body?: unknown; timeoutMs?: number; signal?: AbortSignal; headers?: Record<string, string>; method?: string; credentials?: RequestCredentials }

export async function getJson<T>(path: string, call: Call = {}): Promise<T> {
  return readJson<T>(await send("GET", path, call));
}

export async function postJson<T>(path: string, body: unknown, call: Call = {}): Promise<T> {
  return readJson<T>(await send("POST", path, { ...call, body }));
}

export async function deleteJson(path: string, call: Call = {}): Promise<void> {
  await send("DELETE", path, call);
}

/** Text and bytes of forms and media. */
export async function getResponse(path: string, call: Call = {}): Promise<Response> {
  return send("GET", path, call);
}

async function send(method: string, path: string, call: Call): Promise<Response> {
  const body = call.body === undefined || call.body instanceof FormData || call.body instanceof Blob ? call.body : JSON.stringify(call.body);
  const limit = call.timeoutMs ?? SMALL_TIMEOUT_MS + (lengthOf(body) / SLOWEST) * 1000;
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), limit);
  const heard = (): void => { clearTimeout(timer); timer = setTimeout(() => stop.abort(), SILENT_MS); };
  call.signal?.addEventListener("abort", () => stop.abort());
  try {
    const answer = await fetch(BASE + path, { method, body, headers: headers(call, body), cache: "no-store", credentials: call.credentials ?? "omit", signal: stop.signal });
    const whole = await received(answer, heard);
    if (!whole.ok) throw await problemOf(whole);
    return whole;
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem(stop.signal.aborted ? "network.timeout" : "network.unreachable", { detail: String(cause) });
  } finally {
    clearTimeout(timer);
  }
}

/** With its whole body, however long that takes while bytes come: a pull is streamed, and its line may die after the first ones. */
async function received(answer: Response, heard: () => void): Promise<Response> {
  heard();
  const reader = (answer.body as Response["body"] | undefined)?.getReader();
  if (!reader) return answer;
  const parts: BlobPart[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value as BlobPart);
    heard();
  }
  // A 204 may have none, and Chromium gives it an empty stream.
  return new Response(parts.length > 0 ? new Blob(parts) : null, { status: answer.status, headers: answer.headers });
}

type Body = string | FormData | Blob | undefined;

const lengthOf = (body: Body): number => (typeof body === "string" ? body.length : body instanceof Blob ? body.size : 0);

function headers(call: Call, body: Body): Record<string, string> {
  const all: Record<string, string> = { Accept: "application/json", ...call.headers };
  // A form says its own type, with the boundary that its parts are cut by.
  if (typeof body === "string") all["Content-Type"] = "application/json";
  if (call.token) all["Authorization"] = `Bearer ${call.token}`;
  return all;
}

async function readJson<T>(answer: Response): Promise<T> {
  const text = await answer.text();
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Problem("answer.unreadable", { status: answer.status, detail: text.slice(0, 200) });
  }
}

interface WireProblem { code?: string; titles?: Record<string, string>; detail?: string; errors?: ProblemIssue[] }

async function problemOf(answer: Response): Promise<Problem> {
  return problemIn(await answer.text(), answer.status, "http", answer.headers.get("Retry-After"));
}

/** The Problem in the body of an answer; of another body (a proxy's page) its beginning, with a code of `family`. `wait`: the header Retry-After. */
export function problemIn(body: string, status: number, family: string, wait: string | null = null): Problem {
  let wire: WireProblem = {};
  try {
    wire = (JSON.parse(body) ?? {}) as WireProblem;
  } catch {
    wire = { detail: body.slice(0, 200) };
  }
  const { code = `${family}.${status}`, detail = "", titles = {}, errors = [] } = wire;
  const seconds = Number(wait);
  return new Problem(code, { status, detail, words: titles, issues: errors, retryAfter: seconds > 0 ? seconds : null });
}
