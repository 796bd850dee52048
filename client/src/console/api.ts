/** The console's calls: the desk's cookie, the CSRF token, and answers in the language on screen. */
import { type Call, deleteJson, getJson, postJson } from "@lib/api";
import i18n from "@lib/i18n";
import { Problem } from "@lib/problem";

const KEY = "ruhu-console-csrf";
let signedOut: () => void = () => undefined;

/** What to do when the server no longer knows this desk. */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

/** The token is no secret from this origin's own pages; it must outlive a reload, as the cookie does. */
export function keepCsrf(token: string | null): void {
  if (token) localStorage.setItem(KEY, token);
  else localStorage.removeItem(KEY);
}

function desk(call: Call): Call {
  const headers: Record<string, string> = { "Accept-Language": i18n.global.locale.value, ...call.headers };
  const csrf = localStorage.getItem(KEY);
  if (csrf) headers["X-CSRF-Token"] = csrf;
  return { ...call, headers, credentials: "same-origin" };
}

async function watched<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 401) signedOut();
    throw cause;
  }
}

export const read = <T>(path: string, query: Record<string, string | undefined> = {}, call: Call = {}): Promise<T> =>
  watched(getJson<T>(path + queryText(query), desk(call)));

export const send = <T>(path: string, body: unknown, call: Call = {}): Promise<T> => watched(postJson<T>(path, body, desk(call)));

/** Takes something away. */
export const remove = (path: string): Promise<void> => watched(deleteJson(path, desk({})));

/** A sign-in that is refused is no end of a session. */
export const sendSignedOut = <T>(path: string, body: unknown): Promise<T> => postJson<T>(path, body, desk({}));

function queryText(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export const photoAddress = (id: string, size: "320" | "1280" | "original"): string => `/api/v1/photos/${encodeURIComponent(id)}?size=${size}`;

/** A copy with time, place and household drawn on it, for print; named so that nobody takes it for the original. */
export const stampedAddress = (id: string): string => `${photoAddress(id, "1280")}&watermark=1`;
