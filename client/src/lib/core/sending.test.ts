// @vitest-environment node
/** A photo that does not get through costs its own sending, and neither the news nor its neighbours. */
import { expect, test } from "vitest";
import { newPhone, NOW } from "../../../tests/sim/drive";
import type { MemoryPhone } from "../../../tests/sim/memory-phone";
import { SmallServer } from "../../../tests/sim/small-server";
import type { Ask, Happening } from "./round";

const REGION = "region:1";

/** A server and a phone with visits of one photo each, from the smallest. */
function world(visits: number): { server: SmallServer; phone: MemoryPhone } {
  const server = new SmallServer();
  server.feed(REGION);
  server.write([REGION], "household", "h0", { name: "甲" });
  const phone = newPhone();
  for (let n = 0; n < visits; n += 1) {
    const photos = [{ name: "a.jpg", sha256: `hash-${n}`, size: 10 + n }];
    phone.save({ op_id: `op-${n}`, body: { attachments: photos }, photos }, { device_ms: NOW, monotonic_ms: NOW, time_origin: 0 });
  }
  return { server, phone };
}

const PATHS: Partial<Record<Ask["ask"], string>> = { hello: "/sync/hello", push: "/sync/push", have: "/blobs/have", pull: "/sync/pull" };

/** One round; `upload` says what becomes of a photo. Gives the photos that were tried, by hash. */
function round(phone: MemoryPhone, server: SmallServer, upload: (sha256: string) => Happening): string[] {
  const tried: string[] = [];
  const meet = (ask: Ask): Happening => {
    if (ask.ask === "push") return server.answer("/sync/push", { ops: ask.ops.map((id) => phone.wireOp(id)) });
    if (ask.ask === "have") return server.answer("/blobs/have", { sha256: ask.sha256 });
    if (ask.ask === "digest") return server.answer(`/sync/digest?scope=${ask.scope}`, {});
    if (ask.ask !== "upload") return server.answer(PATHS[ask.ask] ?? "", (ask as { body: Record<string, unknown> }).body);
    const hash = phone.store.photos.find((photo) => photo.id === ask.photo)?.sha256 ?? "";
    tried.push(hash);
    return upload(hash);
  };
  for (let ask = phone.sync(NOW); ask && ask.ask !== "done";) ask = phone.happen(meet(ask), NOW);
  return tried;
}

const cut = (): Happening => ({ type: "failed", code: "network.unreachable" });
const arrived: Happening = { type: "answered", body: null };

test("what is new comes though a photo breaks every line that it is sent over", () => {
  const { server, phone } = world(1);
  round(phone, server, cut);
  expect(phone.rows.size).toBe(1);
  expect(phone.lastOutcome).toBe("partial");
  expect(phone.lastResult.photos).toMatchObject({ sent: 0, left: 1 });
});

test("after some tries the others go before it", () => {
  const { server, phone } = world(3);
  for (let n = 0; n < 6; n += 1) round(phone, server, (hash) => (hash === "hash-0" ? cut() : arrived));
  expect(phone.store.photos.map(({ sha256, state }) => [sha256, state])).toEqual([["hash-0", "pending"], ["hash-1", "sent"], ["hash-2", "sent"]]);
});

test.each([429, 503, 507])("a server that answers %i is not asked to take the next photo as well", (status) => {
  const { server, phone } = world(5);
  expect(round(phone, server, () => ({ type: "refused", status, code: "server.busy", retryAfter: 60 }))).toEqual(["hash-0"]);
  expect(phone.rows.size).toBe(1);
  expect(phone.lastResult.problems).toMatchObject([{ stage: "photos", status, retryAfter: 60 }]);
});

test("one that the server refuses for itself holds up no other", () => {
  const { server, phone } = world(3);
  round(phone, server, (hash) => (hash === "hash-0" ? { type: "refused", status: 413, code: "upload.too_large" } : arrived));
  expect(phone.store.photos.map(({ state }) => state)).toEqual(["pending", "sent", "sent"]);
});
