// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer } from "../../tests/fake-server";
import { finished, HOUSEHOLD, instanceXml, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { openDraft, submitDraft } from "./drafts";
import { listOutbox } from "./outbox";
import { addPhoto } from "./photos";
import { keepReply } from "./questions";
import { keepWords, ownerOf } from "./rectification";
import { getRecord } from "./records";
import { isUnlocked, lock, session } from "./session";
import { changePin, choosePassword, enrol, goOn, listInstalls, mustChoose, recoverStore, signIn, signInAgain, signOut, startStore, unlock } from "./sign-in";
import { InstallDatabase } from "./database";
import { sync } from "./sync";
import { unsentWork } from "./unsent";
import { PIN_COST, unwrapWithPin, wrapWithPin, type PinWrap } from "./vault";

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
});
afterEach(() => { lock(); vi.unstubAllGlobals(); });

let people = 0;
/** A new person each time: the profile's database stays between tests, as on a real phone. */
async function newPhone(): Promise<string> {
  const name = `worker${people++}`;
  await startStore(await signIn(name, "secret"), "274913");
  await sync();
  return name;
}
const idOf = async (name: string): Promise<string> => (await listInstalls()).find((row) => row.username === name)?.install_id ?? "";

test("the store opens again with the PIN, without the server", async () => {
  const name = await newPhone();
  lock();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  await unlock(await idOf(name), "274913");
  expect((await getRecord("household", HOUSEHOLD))?.label).toBe("王大山");
});

test("a wrong PIN does not open, and five of them must wait", async () => {
  const name = await newPhone();
  lock();
  const id = await idOf(name);
  for (let n = 0; n < 5; n++) await expect(unlock(id, "000000")).rejects.toMatchObject({ code: "pin.wrong" });
  await expect(unlock(id, "274913")).rejects.toMatchObject({ code: "pin.wait" });
  expect(isUnlocked()).toBe(false);
}, 20_000);

test("a clock that ran years ahead when the PIN was wrong keeps nobody out: the wait begins anew, and ends", async () => {
  const name = await newPhone();
  lock();
  const id = await idOf(name);
  const ahead = Date.now() + 4 * 365 * 86_400_000;
  await new InstallDatabase().installs.update(id, { wrong_pins: 5, wait_until: ahead });
  await expect(unlock(id, "274913")).rejects.toMatchObject({ code: "pin.wait", retryAfter: 30 });
  expect((await listInstalls()).find((row) => row.install_id === id)?.wait_until).toBeLessThan(ahead);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
  try {
    await unlock(id, "274913");
  } finally {
    vi.useRealTimers();
  }
}, 20_000);

test("a forgotten PIN is recovered through the server and nothing is lost", async () => {
  const name = await newPhone();
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  lock();
  await recoverStore(await signIn(name, "secret"), "618204");
  expect(await session().db.drafts.get(draft.id)).toBeDefined();
  expect((await getRecord("household", HOUSEHOLD))?.label).toBe("王大山");
  lock();
  await expect(unlock(await idOf(name), "274913")).rejects.toMatchObject({ code: "pin.wrong" });
  await unlock(await idOf(name), "618204");
});

test("a changed PIN replaces the old one", async () => {
  const name = await newPhone();
  await expect(changePin("111222", "618204")).rejects.toMatchObject({ code: "pin.wrong" });
  await changePin("274913", "618204");
  lock();
  await unlock(await idOf(name), "618204");
});

test("a wrap of another cost opens, and is made anew at today's", async () => {
  const name = await newPhone();
  const { install } = session();
  const raw = await unwrapWithPin(install.pin as PinWrap, "274913");
  await new InstallDatabase().installs.update(install.install_id, { pin: await wrapWithPin(raw, "274913", { memory_kib: 64, rounds: 1 }) });
  lock();
  await unlock(install.install_id, "274913");
  const cost = async (): Promise<number | undefined> => (await listInstalls()).find((row) => row.username === name)?.pin?.memory_kib;
  await vi.waitFor(async () => expect(await cost()).toBe(PIN_COST.memory_kib));
  lock();
  await unlock(install.install_id, "274913");
});

test("signing out is refused while a draft is here, and clears the phone when nothing is", async () => {
  const name = await newPhone();
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await expect(signOut()).rejects.toMatchObject({ code: "sign_out.unsent" });
  await session().db.drafts.delete(draft.id);
  const { install } = session();
  await signOut();
  expect(await idOf(name)).toBe("");
  expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(`ruhu-${install.install_id}`);
});

test("signing out is refused while the server has not taken a visit that was set aside here", async () => {
  await newPhone();
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const opId = await submitDraft(draft.id, finished(instanceXml({ head: "王大山" })));
  server.before = (path) => (path === "/sync/push" ? { status: 413, code: "body.too_large" } : undefined);
  await sync();
  expect((await listOutbox())[0]).toMatchObject({ op_id: opId, state: "needs_you", status: "" });
  expect(await unsentWork()).toMatchObject({ ops: 1 });
  await expect(signOut()).rejects.toMatchObject({ code: "sign_out.unsent" });
});

test("signing out is refused while an answer or a step on a finding is begun, by words or by photo", async () => {
  await newPhone();
  await keepReply("q1", "今天去看了");
  await keepReply("q2", " ");
  await keepWords("f1", "门修好了");
  const capture = await captureRecord({ bytes: new Blob(["x"]), source: "live", visitId: "f2", householdId: null, slot: null }, null);
  await addPhoto(ownerOf("f2"), "a.jpg", null, new Blob(["x"]), capture);
  expect(await unsentWork()).toEqual({ ops: 0, photos: 0, drafts: 3 });
  await expect(signOut()).rejects.toMatchObject({ code: "sign_out.unsent" });
});

test("the install keeps its id over sign-ins, and the device key goes to the server", async () => {
  const name = await newPhone();
  lock();
  await signIn(name, "secret");
  const logins = server.requests.filter(({ path }) => path === "/auth/login").map(({ body }) => body);
  expect(new Set(logins.map((body) => body["install_id"])).size).toBe(1);
  expect(logins[0]?.["device"]).toMatchObject({ public_key_jwk: { kty: "EC", crv: "P-256" } });
});

test("what is stored names no person outside the seal", async () => {
  await newPhone();
  await openDraft(HOUSEHOLD, "household_visit");
  const { db } = session();
  for (const table of db.tables.filter((one) => one.name !== "forms")) {
    const plain = (await table.toArray()).map((row: Record<string, unknown>) => JSON.stringify(row, (_key, value: unknown) => (value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : value)));
    expect(plain.join("")).not.toContain("王大山");
  }
});

test("a code begins a new phone, is tried again under the same install, and goes on under the own one", async () => {
  server.codeOf = "worker-by-code";
  server.after = (path) => { if (path === "/auth/enrol") throw new TypeError("the answer is lost"); };
  await expect(enrol("AAAA")).rejects.toMatchObject({ code: "network.unreachable" });
  server.after = () => undefined;
  const first = await enrol("AAAA");
  const asked = server.requests.filter(({ path }) => path === "/auth/enrol").map(({ body }) => body["install_id"]);
  expect(new Set(asked)).toEqual(new Set([first.install.install_id]));
  await startStore(first, "274913");
  lock();
  const second = await enrol("BBBB");
  expect(second.install.install_id).toBe(first.install.install_id);
  expect(second.install.pin).not.toBeNull();
});

test("a password that somebody else chose is changed before the open session goes on", async () => {
  await newPhone();
  const { account } = session();
  server.mustChoose = true;
  const fresh = await signInAgain("given by the office");
  expect(mustChoose(fresh)).toBe(true);
  expect(session().account, "not taken before the change").toBe(account);
  await choosePassword(fresh, "given by the office", "a password of my own");
  expect(server.requests.at(-1)).toMatchObject({ path: "/auth/password", body: { old: "given by the office", new: "a password of my own" } });
  await goOn(fresh);
  expect(session().account.user.must_change_password).toBe(false);
  expect(mustChoose(await signInAgain("a password of my own"))).toBe(false);
});
