// @vitest-environment node
/** Any line that breaks anywhere, any number of times: every visit arrives once, and the phone ends with what the server shows. */
import { expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, finished, instanceXml, openPhone, VILLAGE, XFORM } from "../../tests/phone";
import { openDraft, submitDraft } from "./drafts";
import { listOutbox } from "./outbox";
import { listRecords } from "./records";
import { sync } from "./sync";
import type { EntityEntry, Op } from "./types";

/** A small seeded generator, so that a failing seed can be run again. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2654435761 + 1;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const ids = Array.from({ length: 4 }, (_, n) => `0000000${n}-0000-4000-8000-000000000000`);

/** The server applies a visit: the household gets a new version and a feed row, as in one transaction. */
function applies(server: FakeServer, versions: Map<string, number>): void {
  server.judge = (op: Op) => {
    const xml = String(op["instance_xml"] ?? "");
    const id = /dataset="household" id="([^"]+)"/.exec(xml)?.[1] ?? "";
    const version = (versions.get(id) ?? 0) + 1;
    versions.set(id, version);
    server.addHousehold(VILLAGE, id, version, { head_name: /<head_name>([^<]*)/.exec(xml)?.[1] ?? "" });
    return { status: "applied", entities: [{ dataset: "household", id, version, conflicts: [] }] };
  };
}

test.each(Array.from({ length: 30 }, (_, n) => n + 1))("seed %i", async (seed) => {
  const { at, server } = await openPhone();
  const roll = dice(seed);
  const versions = new Map<string, number>();
  server.pageSize = 1 + roll(3);
  server.publish("household_visit", "1", XFORM);
  for (const id of ids) { versions.set(id, 1); server.addHousehold(VILLAGE, id, 1, { head_name: "甲" }); }
  applies(server, versions);
  await sync();
  let visits = 0;
  for (let step = 0; step < 25; step++) {
    const id = ids[roll(ids.length)] as string;
    const what = roll(4);
    if (what === 0) {
      versions.set(id, (versions.get(id) ?? 0) + 1);
      server.addHousehold(VILLAGE, id, versions.get(id) ?? 0, { head_name: `别人${step}` });
    } else if (what === 1) {
      const draft = await openDraft(id, "household_visit");
      await submitDraft(draft.id, finished(instanceXml({ head: `我${step}`, household: id })));
      visits += 1;
    } else {
      const [before, after] = [roll(5), roll(5)];
      server.before = (_path, _count) => (before > 0 && roll(before + 1) === 0 ? (roll(2) ? brokenLine() : { status: 503, code: "server.busy" }) : undefined);
      server.after = () => { if (after > 0 && roll(after + 1) === 0) brokenLine(); };
      await sync();
    }
    if (roll(12) === 0) server.epoch = `epoch-${step}`;
    if (roll(12) === 0) server.feed(VILLAGE).view = `view-${step}`;
  }
  server.before = () => undefined;
  server.after = () => undefined;
  expect((await sync()).outcome).toBe("done");
  await sync();

  expect(server.stored.size).toBe(visits);
  expect((await listOutbox()).every((item) => item.state === "accepted")).toBe(true);
  const seqs = [...server.stored.values()].map(({ op }) => (JSON.parse(op) as Op).seq).sort((a, b) => a - b);
  expect(seqs).toEqual(Array.from({ length: visits }, (_, n) => n + 1));
  const there = server.feed(VILLAGE).entries.map((entry) => entry as EntityEntry).map((entry) => [entry.id, entry.version, entry.label]);
  const here = (await listRecords("household")).map((row) => [row.id, row.base_version, row.label]);
  expect(here.sort()).toEqual(there.sort());
  expect(await at.db.bases.count()).toBe(0);
  await closePhone(at);
});
