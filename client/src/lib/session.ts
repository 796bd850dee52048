/** Who is working, with which open store. Only one session is open at a time; locking forgets the data key. */
import type { ClockAnchor } from "./clock";
import { PhoneDatabase, type InstallRow } from "./database";
import { Problem } from "./problem";
import type { User } from "./types";
import { open, seal } from "./vault";

/** What is kept sealed about the signed-in person. */
export interface Account { user: User; token: string | null; expires_at: string | null; clock: ClockAnchor | null }

export interface Session { install: InstallRow; db: PhoneDatabase; key: CryptoKey; account: Account }

let current: Session | null = null;
const listeners = new Set<(now: Session | null) => void>();

/** Fails with store.locked when nobody has unlocked the store. */
export function session(): Session {
  if (!current) throw new Problem("store.locked");
  return current;
}

export const isUnlocked = (): boolean => current !== null;

export function onSession(listener: (now: Session | null) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setSession(next: Session | null): void {
  const before = current;
  current = next;
  if (before && before.db !== next?.db) before.db.close();
  for (const listener of [...listeners]) listener(next);
}

/** Forgets the key and the token; the sealed store stays as it is. */
export const lock = (): void => setSession(null);

/** Work of a page on the open store. Locked meanwhile, it fails nobody: the next unlock begins anew. */
export async function whileOpen(work: () => Promise<void> | void): Promise<void> {
  const at = current;
  if (!at) return;
  try {
    await work();
  } catch (cause) {
    if (current === at) throw cause;
  }
}

const otherTabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("ruhu-lock");
if (otherTabs) {
  otherTabs.onmessage = (event: MessageEvent<string>) => {
    if (current?.install.install_id === event.data) lock();
  };
}

/** Locks this worker's store in every tab: who hands the phone on means all of it. */
export function lockEverywhere(): void {
  if (current) otherTabs?.postMessage(current.install.install_id);
  lock();
}

/** The tables of an install, sealed as they are. */
export async function openTables(installId: string): Promise<PhoneDatabase> {
  const db = new PhoneDatabase(installId);
  await db.open();
  return db;
}

/** `db`: its tables, where they are open already. */
export async function openStore(install: InstallRow, key: CryptoKey, account?: Account, db?: PhoneDatabase): Promise<Session> {
  db ??= await openTables(install.install_id);
  const kept = account ?? (await readMeta<Account>(db, key, "account"));
  if (!kept) throw new Problem("install.missing");
  const opened: Session = { install, db, key, account: kept };
  if (account) await keepAccount(opened);
  setSession(opened);
  return opened;
}

export const keepAccount = (at: Session): Promise<void> => writeMeta(at, "account", at.account);

export async function readMeta<T>(db: PhoneDatabase, key: CryptoKey, name: string): Promise<T | undefined> {
  const row = await db.meta.get(name);
  return row ? open<T>(key, `meta:${name}`, row.sealed) : undefined;
}

export async function writeMeta(at: Session, name: string, value: unknown): Promise<void> {
  const sealed = await seal(at.key, `meta:${name}`, value);
  await at.db.meta.put({ key: name, sealed });
}
