/** Signing in, the PIN, and the way back when it is forgotten. */
import { getJson, postJson } from "./api";
import { fromBase64 } from "./bytes";
import { anchorAt } from "./clock";
import { InstallDatabase, PhoneDatabase, type InstallRow } from "./database";
import { makeDeviceKey, publicJwk } from "./device-key";
import { describeDevice } from "./device";
import { uuid4 } from "./ids";
import { Problem } from "./problem";
import { noteRevoked } from "./revoked";
import { keepAccount, lockEverywhere, openStore, openTables, session, type Account, type Session } from "./session";
import type { User } from "./types";
import { unsentWork } from "./unsent";
import { importDataKey, isDated, newDataKey, unwrapWithPin, waitAfter, wrapForServer, wrapWithPin, type PinWrap } from "./vault";

interface LoginAnswer { token: string; expires_at: string | null; user: User; server_time: string; server_public_key_jwk?: JsonWebKey }

/** The server knows the person; the store is not open yet. */
export interface SignedIn { install: InstallRow; account: Account; server_key: JsonWebKey | null }

const profile = new InstallDatabase();

/** Last used first. */
export async function listInstalls(): Promise<InstallRow[]> {
  const all = await Promise.all((await profile.installs.toArray()).map(fairWait));
  return all.sort((a, b) => b.last_used - a.last_used);
}

/** A clock that was ahead when a wrong PIN came, and is right now, would keep the store closed for years: the wait begins anew. */
async function fairWait(install: InstallRow): Promise<InstallRow> {
  const longest = Date.now() + waitAfter(install.wrong_pins) * 1000;
  if (install.wait_until <= longest) return install;
  await profile.installs.update(install.install_id, { wait_until: longest });
  return { ...install, wait_until: longest };
}

export async function signIn(username: string, password: string): Promise<SignedIn> {
  const name = username.trim();
  const install = (await findInstall(name)) ?? (await newInstall(name));
  const answer = await postJson<LoginAnswer>("/auth/login", { username: name, password, install_id: install.install_id, device: await deviceOf(install) });
  return welcomed(install, answer);
}

async function deviceOf({ device_key }: InstallRow): Promise<object> {
  return { ...(await describeDevice()), app_build: __APP_BUILD__, public_key_jwk: device_key ? await publicJwk(device_key) : undefined };
}

async function welcomed(install: InstallRow, answer: LoginAnswer): Promise<SignedIn> {
  install.user_id = answer.user.id;
  await profile.installs.put(install);
  const account = { user: answer.user, token: answer.token, expires_at: answer.expires_at, clock: anchorAt(answer.server_time) };
  return { install, account, server_key: answer.server_public_key_jwk ?? null };
}

/** By a code of the administrator, good once. Who is on this phone already goes on under the own install. */
export async function enrol(code: string): Promise<SignedIn> {
  const known = await listInstalls();
  const fresh = await beginning(code);
  const body = { code, install_id: fresh.install_id, known: known.slice(0, 20).map((install) => install.install_id), device: await deviceOf(fresh) };
  const answer = await postJson<LoginAnswer & { install_id: string }>("/auth/enrol", body);
  const install = known.find((one) => one.install_id === answer.install_id) ?? fresh;
  install.username = answer.user.username;
  return welcomed(install, answer);
}

/** The answer may be lost on the way: the same code is tried again under the same install, else it would count as used. */
let begun: { code: string; install: InstallRow } | null = null;
async function beginning(code: string): Promise<InstallRow> {
  begun = begun?.code === code ? begun : { code, install: await newInstall("") };
  return begun.install;
}

const findInstall = (username: string): Promise<InstallRow | undefined> => profile.installs.where("username").equals(username).first();

async function newInstall(username: string): Promise<InstallRow> {
  const key = await makeDeviceKey();
  return {
    install_id: uuid4(), username, user_id: "", last_used: Date.now(), pin: null, server_wrap: null, server_key: null,
    wrong_pins: 0, wait_until: 0, device_key: key.pair, device_key_id: key.id,
  };
}

/** First sign-in on this phone: makes the data key and wraps it twice. */
export async function startStore(who: SignedIn, pin: string): Promise<Session> {
  if (who.install.pin) throw new Problem("store.locked");
  return wrapAndOpen(who, newDataKey(), pin);
}

async function wrapAndOpen(who: SignedIn, raw: Uint8Array<ArrayBuffer>, pin: string): Promise<Session> {
  const wrap = await wrapWithPin(raw, pin);
  const serverWrap = who.server_key ? await wrapForServer(raw, who.server_key, who.install.install_id) : null;
  const install = { ...who.install, pin: wrap, server_wrap: serverWrap, server_key: who.server_key, wrong_pins: 0, wait_until: 0, last_used: Date.now() };
  await profile.installs.put(install);
  return openStore(install, await importDataKey(raw), who.account);
}

/** Opens with the PIN. `fresh`: a sign-in that happened just now, its token replaces the old one. */
export async function unlock(installId: string, pin: string, fresh?: SignedIn): Promise<Session> {
  const kept = await profile.installs.get(installId);
  const install = kept && (await fairWait(kept));
  if (!install?.pin) throw new Problem("install.missing");
  const wait = Math.ceil((install.wait_until - Date.now()) / 1000);
  if (wait > 0) throw new Problem("pin.wait", { retryAfter: wait });
  const tables = openTables(installId); // while the PIN is stretched
  const raw = await unwrapWithPin(install.pin, pin).catch((cause) => {
    void tables.then((db) => db.close(), () => undefined);
    return countWrongPin(install, cause);
  });
  const next = { ...install, wrong_pins: 0, wait_until: 0, last_used: Date.now(), ...(await newServerWrap(install, raw, fresh)) };
  await profile.installs.put(next);
  const opened = await openStore(next, await importDataKey(raw), fresh?.account, await tables);
  if (isDated(install.pin)) void wrapAnew(opened, raw, pin, install.pin).catch(() => undefined); // the next unlock tries again
  return opened;
}

/** A wrap of another cost is replaced beside the work; a PIN changed meanwhile stands. */
async function wrapAnew({ install }: Session, raw: Uint8Array<ArrayBuffer>, pin: string, old: PinWrap): Promise<void> {
  const wrap = await wrapWithPin(raw, pin);
  await profile.transaction("rw", profile.installs, async () => {
    const kept = (await profile.installs.get(install.install_id))?.pin;
    if (kept?.salt.join() !== old.salt.join()) return;
    await profile.installs.update(install.install_id, { pin: wrap });
    install.pin = wrap;
  });
}

async function countWrongPin(install: InstallRow, cause: unknown): Promise<never> {
  const wrong = install.wrong_pins + 1;
  await profile.installs.update(install.install_id, { wrong_pins: wrong, wait_until: Date.now() + waitAfter(wrong) * 1000 });
  throw cause;
}

/** The server may have changed its key since; the copy for recovery follows. */
async function newServerWrap(install: InstallRow, raw: Uint8Array<ArrayBuffer>, fresh?: SignedIn): Promise<Partial<InstallRow>> {
  const key = fresh?.server_key;
  if (!key || (install.server_wrap && install.server_key?.n === key.n)) return {};
  return { server_key: key, server_wrap: await wrapForServer(raw, key, install.install_id) };
}

/** A forgotten PIN: the server gives the data key back to the person who has just signed in; nothing is lost. */
export async function recoverStore(who: SignedIn, newPin: string): Promise<Session> {
  if (!who.install.server_wrap) throw new Problem("key.not_returned");
  const answer = await postJson<{ key: string }>("/auth/recover-key", { wrapped: who.install.server_wrap }, { token: who.account.token });
  return wrapAndOpen(who, fromBase64(answer.key), newPin);
}

export async function changePin(oldPin: string, newPin: string): Promise<void> {
  const { install } = session();
  if (!install.pin) throw new Problem("install.missing");
  const raw = await unwrapWithPin(install.pin, oldPin);
  install.pin = await wrapWithPin(raw, newPin);
  await profile.installs.put(install);
}

/** A new token for the open session, after the old one has ended; not taken before a password of another's choice is changed. */
export async function signInAgain(password: string): Promise<SignedIn> {
  const at = session();
  const fresh = await signIn(at.install.username, password);
  if (fresh.account.user.id !== at.account.user.id) throw new Problem("auth.bad_credentials", { status: 401 });
  if (!mustChoose(fresh)) await goOn(fresh);
  return fresh;
}

/** The open session goes on under the new token. */
export async function goOn(fresh: SignedIn): Promise<void> {
  const at = session();
  at.account = fresh.account;
  await keepAccount(at);
}

/** Whether somebody else chose the password and knows it. */
export const mustChoose = (who: SignedIn): boolean => who.account.user.must_change_password === true;

/** The person's own password takes the place of the one that somebody else chose. */
export async function choosePassword(who: SignedIn, old: string, own: string): Promise<void> {
  await postJson("/auth/password", { old, new: own }, { token: who.account.token });
  who.account.user.must_change_password = false;
}

/** Ends the token and removes everything of this worker from the phone. Refuses while anything is unsent. */
export async function signOut(): Promise<void> {
  const at = session();
  const left = await unsentWork();
  if (left.ops + left.photos + left.drafts > 0) throw new Problem("sign_out.unsent");
  await postJson("/auth/logout", {}, { token: at.account.token }).catch(() => undefined);  // The token ends by itself when the server is out of reach.
  await removeStore(at);
}

/** Everything of this worker; the stores of others on this phone stay. */
async function removeStore(at: Session): Promise<void> {
  await profile.installs.delete(at.install.install_id);
  lockEverywhere();
  await new PhoneDatabase(at.install.install_id).delete();
}

/** This install was taken out of use, and everything that it held was handed over: it goes, and the phone says why. */
export async function removeRevoked(at: Session): Promise<void> {
  noteRevoked({ name: at.account.user.display_name, at: new Date().toISOString() });
  await removeStore(at);
}

/** The person as the server sees it now: roles and qualifications may have changed. */
export async function refreshUser(at: Session): Promise<void> {
  const me = await getJson<User | { user: User }>("/me", { token: at.account.token });
  at.account.user = "user" in me ? me.user : me;
  await keepAccount(at);
}
