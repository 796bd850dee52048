// @vitest-environment node
import { expect, test } from "vitest";
import { HOUSEHOLD, instanceXml, MEMBER, XFORM } from "../../tests/phone";
import { canonicalJson, fromBase64, sha256, utf8 } from "./bytes";
import { sealChain } from "./chain";
import { anchorAt, describeClock, hasJumped } from "./clock";
import { listCsv } from "./csv";
import { makeDeviceKey } from "./device-key";
import { uuid4, uuid7 } from "./ids";
import type { CaptureRecord, SeenRow } from "./types";
import { entityBases } from "./core/bases";
import { mediaNames, ownWrites, savePaths, usedNames } from "./writes";

const row = (more: Partial<SeenRow>): SeenRow => ({ dataset: "member", id: MEMBER, label: "王小山", base_version: 2, branch_id: "b", parent: HOUSEHOLD, data: {}, ...more });

test("an instance is read as the server reads it: by saveto, absent is not empty, each repeat on its own", () => {
  const xml = instanceXml({ head: "王大山", phone: "", members: [{ id: MEMBER, name: "甲" }, { id: uuid4(), name: "乙", create: true }] });
  const writes = ownWrites(xml, savePaths(XFORM), HOUSEHOLD);
  expect(writes.map((write) => [write.dataset, write.create, write.label])).toEqual([["member", false, "甲"], ["member", true, "乙"], ["household", false, "王大山"]]);
  expect(writes[0]?.values).toEqual({ full_name: "甲", household: HOUSEHOLD });
  expect(writes[2]?.values).toEqual({ head_name: "王大山", contact_phone: null });
  expect(ownWrites(instanceXml({ head: "王大山" }), savePaths(XFORM), HOUSEHOLD)[0]?.values).toEqual({ head_name: "王大山" });
});

test("an entity node that neither creates nor updates writes nothing", () => {
  const xml = instanceXml({ head: "王大山" }).replace('update="1"', 'update=""');
  expect(ownWrites(xml, savePaths(XFORM), HOUSEHOLD)).toEqual([]);
});

test("bases name only what was shown and is written; a create has no base", () => {
  const writes = ownWrites(instanceXml({ head: "王大山", members: [{ id: MEMBER, name: "甲", create: true }] }), savePaths(XFORM), HOUSEHOLD);
  const seen = new Map([[`entity:household:${HOUSEHOLD}`, row({ dataset: "household", id: HOUSEHOLD, base_version: 7, data: { head_name: "王", secret: "x" } })]]);
  expect(entityBases(writes, seen)).toEqual([{ dataset: "member", id: MEMBER }, { dataset: "household", id: HOUSEHOLD, base_version: 7, base: { head_name: "王" } }]);
});

test("what the row does not have was shown empty, so an answer that stays empty is no edit", () => {
  const writes = ownWrites(instanceXml({ head: "王大山", phone: "" }), savePaths(XFORM), HOUSEHOLD);
  const seen = new Map([[`entity:household:${HOUSEHOLD}`, row({ dataset: "household", id: HOUSEHOLD, base_version: 7, data: { head_name: "王大山" } })]]);
  expect(entityBases(writes, seen)[0]?.base).toEqual({ head_name: "王大山", contact_phone: null });
});

test("of a record that left the phone all was shown empty, or an empty answer would clear what the same phone had sent before", () => {
  const writes = ownWrites(instanceXml({ head: "", phone: "138" }), savePaths(XFORM), HOUSEHOLD);
  expect(entityBases(writes, new Map())).toEqual([{ dataset: "household", id: HOUSEHOLD, base: { head_name: null, contact_phone: null } }]);
});

test("files are found by the names that answers hold, and a form's own files by its addresses", () => {
  expect(usedNames(instanceXml({ head: "a.jpg 在这里", photo: "b.jpg" }), ["a.jpg", "b.jpg", "c.jpg"])).toEqual(new Set(["b.jpg"]));
  expect(mediaNames(XFORM)).toEqual(["member.csv", "help.png"]);
});

test("lists carry versions, quote what needs it and keep wanted columns that nobody has", () => {
  const csv = listCsv([row({ data: { full_name: '王"小"山,', tags: ["a", "b"], gone: null } })], ["phone"]);
  expect(csv).toBe(`name,label,__version,__trunkVersion,__branchId,full_name,gone,phone,tags\n${MEMBER},王小山,2,2,b,"王""小""山,",,,a b\n`);
  expect(listCsv([row({ base_version: 0 })])).toContain(`${MEMBER},王小山,1,,b`);
  expect(listCsv([], ["household"])).toBe("name,label,__version,__trunkVersion,__branchId,household\n");
});

test("a photo chain names each predecessor and its signatures verify", async () => {
  const { pair } = await makeDeviceKey();
  const capture = (hash: string): CaptureRecord => ({
    photo_sha256: hash, original_sha256: hash, bytes: 1, width: null, height: null, media_type: "image/jpeg", source: "live", last_modified: null, fix: null, n_fixes: 0,
    jitter_m: null, permission: "denied", fix_at_save: null, wall_ms: 1, time_origin: 1, monotonic_ms: 1.5, tz_offset_min: 480, server_time_seen: null, visit_id: "v",
    household_id: null, slot: null, app_build: "0", device_key_id: null,
  });
  const chain = await sealChain([capture("aa"), capture("bb")], pair);
  const texts = chain.map(({ signature: _signature, ...record }) => canonicalJson(record));
  expect(chain.map((record) => record.seq)).toEqual([1, 2]);
  expect([chain[0]?.prev_record_hash, chain[1]?.prev_record_hash]).toEqual([null, await sha256(texts[0] ?? "")]);
  for (const [place, record] of chain.entries()) {
    const valid = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, pair.publicKey, fromBase64(record.signature ?? ""), utf8(texts[place] ?? ""));
    expect(valid).toBe(true);
  }
  await expect(crypto.subtle.exportKey("jwk", pair.privateKey)).rejects.toThrow();
});

test("a clock that was set shows, against the last contact and against the monotonic clock", () => {
  const then = anchorAt("2026-11-21T08:00:00Z", { device_ms: 1_000_000, monotonic_ms: 500, time_origin: 9 });
  expect(hasJumped(null, then)).toBe(false);
  expect(hasJumped(then, { device_ms: 1_060_000, monotonic_ms: 60_500, time_origin: 9 })).toBe(false);
  expect(hasJumped(then, { device_ms: 9_000_000, monotonic_ms: 60_500, time_origin: 9 })).toBe(true);
  expect(hasJumped(then, { device_ms: 900_000, monotonic_ms: 5, time_origin: 12 })).toBe(true);
  expect(describeClock(then, { device_ms: 1_060_000, monotonic_ms: 60_500, time_origin: 9 })).toEqual({ server_time_seen: "2026-11-21T08:00:00Z", device_time_then: "1970-01-01T00:16:40.000Z", jumped: false });
});

test("ids have their version, and later ops have greater ids", () => {
  expect(uuid4()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid7(1000)).toMatch(/^00000000-03e8-7/);
  expect(uuid7(1000) < uuid7(2000)).toBe(true);
});
