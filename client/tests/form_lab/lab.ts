/**
 * The form page alone, over the real sealed store, without a server: tests/e2e/test_form_widgets.py builds and drives it.
 * `?form=household_visit[&household=1]` opens a new draft, `?draft=<id>` the same one again, `&lang=en` in English.
 * Served beside it: forms/<name>.xml and (for a household) rows.json with `{household, members}`.
 */
import { createApp, h, ref } from "vue";
import { getDraft, openDraft } from "@lib/drafts";
import i18n, { setLanguage } from "@lib/i18n";
import { recordKey } from "@lib/core/ops";
import { wireOp } from "@lib/outbox";
import { openStore, session } from "@lib/session";
import type { EntityEntry, FormEntry, KeptEntry } from "@lib/types";
import { importDataKey, seal } from "@lib/vault";
import { loadEngine } from "../../src/field/form/engine";
import "../../src/field/i18n/words";
import FormPage from "../../src/field/form/FormPage.vue";
import { preloadForms } from "../../src/field/form/preload";

const asked = new URLSearchParams(location.search);
const INSTALL = "00000000-0000-4000-8000-00000000000a";

async function openLabStore(): Promise<void> {
  const key = await importDataKey(new Uint8Array(32)); // the same key after a reload: nothing here is secret
  const install = {
    install_id: INSTALL, username: "lab", user_id: "lab", last_used: 0, pin: null, server_wrap: null, server_key: null,
    wrong_pins: 0, wait_until: 0, device_key: null, device_key_id: null,
  };
  const user = { id: "lab", username: "lab", display_name: "试验", roles: [{ role: "cadre", region: "990101001000" }] };
  await openStore(install, key, { user, token: null, expires_at: null, clock: null });
}

async function putEntry(key: string, kind: string, parent: string, version: number, entry: KeptEntry): Promise<void> {
  const at = session();
  await at.db.records.put({ key, kind, parent, version, sealed: await seal(at.key, `records:${key}`, entry) });
}

async function putRow(row: EntityEntry): Promise<void> {
  await putEntry(recordKey(row.dataset, row.id), `entity:${row.dataset}`, row.parent ?? row.id, row.version, row);
}

async function putForm(name: string, datasets: string[]): Promise<void> {
  const xform = await (await fetch(`forms/${name}.xml`)).text();
  const entry: FormEntry = { n: 1, type: "form", form_id: name, version: "1", hash: "md5:", state: "published" };
  await session().db.forms.put({ form_id: name, version: "1", hash: "md5:", xform, names: { zh: `${name} 表`, en: name }, datasets, media: {} });
  await putEntry(`form:${name}:1`, "form", "", 1, entry);
}

/** Also called by the tests to play a pull: the rows that other people changed. */
async function putRows(): Promise<string> {
  const rows = (await (await fetch("rows.json", { cache: "no-store" })).json()) as { household: EntityEntry; members: EntityEntry[] };
  for (const row of [rows.household, ...rows.members]) await putRow(row);
  return rows.household.id;
}

async function draftId(): Promise<string> {
  const kept = asked.get("draft");
  if (kept) return kept;
  const form = asked.get("form") ?? "";
  const household = asked.has("household") ? await putRows() : null;
  await putForm(form, household ? ["household", "member"] : []);
  return (await openDraft(household, form)).id;
}

/** The last queued op as it would be sent. */
async function lastOp(): Promise<unknown> {
  const row = await session().db.ops.toCollection().last();
  return row ? wireOp(session(), row) : null;
}

/** Instance XML as the draft holds it now. */
async function savedXml(): Promise<string> {
  return (await getDraft(lab.draft))?.instanceXml ?? "";
}

const lab = { ready: 0, left: false, submitted: "", draft: "", putRows, lastOp, savedXml, setLanguage, loadEngine: async () => { await loadEngine(); }, preloadForms };
Object.assign(window, { lab });

setLanguage(asked.get("lang") === "en" ? "en" : "zh");
await openLabStore();
lab.draft = await draftId();
const shown = ref(!asked.has("wait"));
Object.assign(lab, { show: () => { lab.ready = performance.now(); shown.value = true; } });
lab.ready = performance.now();
createApp({
  render: () => (shown.value ? h(FormPage, { draftId: lab.draft, at: "", onLeave: () => { lab.left = true; }, onSubmitted: (id: string) => { lab.submitted = id; } }) : h("p", "lab")),
}).use(i18n).mount("#app");
