/** An unlocked phone with an empty store of its own, beside a fake server. */
import { vi } from "vitest";
import type { InstallRow } from "../src/lib/database";
import { PhoneDatabase } from "../src/lib/database";
import { makeDeviceKey } from "../src/lib/device-key";
import { uuid4 } from "../src/lib/ids";
import { openStore, setSession, type Session } from "../src/lib/session";
import type { FinishedVisit, Visit } from "../src/lib/types";
import { importDataKey, newDataKey } from "../src/lib/vault";
import { FakeServer } from "./fake-server";

export const HOUSEHOLD = "11111111-1111-4111-8111-111111111111";
export const OTHER = "22222222-2222-4222-8222-222222222222";
export const MEMBER = "33333333-3333-4333-8333-333333333333";
export const VILLAGE = "region:990101001";

/** A small form with a household and members in a repeat, as the compiler would write it. */
export const XFORM = `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><model>
<instance id="member" src="jr://file-csv/member.csv"/><instance id="pic" src="jr://images/help.png"/>
<bind nodeset="/data/facts/head_name" entities:saveto="household#head_name"/><bind nodeset="/data/phone" entities:saveto="household#contact_phone"/>
<bind nodeset="/data/member_row/m_name" entities:saveto="member#full_name"/><bind nodeset="/data/member_row/m_household" entities:saveto="member#household"/>
</model></h:head></h:html>`;

export interface Answers { head: string; phone?: string; members?: { id: string; name: string; create?: boolean }[]; photo?: string; household?: string }

export function instanceXml(answers: Answers): string {
  const id = answers.household ?? HOUSEHOLD;
  const members = (answers.members ?? []).map((one) => `<member_row><m_name>${one.name}</m_name><m_household>${id}</m_household><meta><entity dataset="member" id="${one.id}" ${one.create ? 'create="1"' : 'update="1"'}><label>${one.name}</label></entity></meta></member_row>`).join("");
  const phone = answers.phone === undefined ? "" : `<phone>${answers.phone}</phone>`;
  return `<data id="household_visit" version="1"><facts><head_name>${answers.head}</head_name></facts>${phone}${members}<photo>${answers.photo ?? ""}</photo><meta><instanceID>uuid:${uuid4()}</instanceID><entity dataset="household" id="${id}" update="1"><label>${answers.head}</label></entity></meta></data>`;
}

export const VISIT: Visit = {
  started_at: "2026-11-21T00:10:00.000Z", ended_at: "2026-11-21T00:40:00.000Z", contact_mode: "in_person",
  location: { lon: "108.37", lat: "23.12", accuracy_m: "8", datum: "WGS84", source: "gps", fix_time: "2026-11-21T00:12:00.000Z" },
};

export function finished(xml: string): FinishedVisit {
  return { instanceXml: xml, instanceId: /<instanceID>([^<]+)/.exec(xml)?.[1] ?? "", visit: VISIT };
}

export async function openPhone(): Promise<{ at: Session; server: FakeServer }> {
  const server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
  const device = await makeDeviceKey();
  const install: InstallRow = {
    install_id: uuid4(), username: "zhangmin", user_id: "p1", last_used: 0, pin: null, server_wrap: null, server_key: null,
    wrong_pins: 0, wait_until: 0, device_key: device.pair, device_key_id: device.id,
  };
  const account = { user: { id: "p1", username: "zhangmin", display_name: "张敏", roles: [] }, token: "t", expires_at: null, clock: null };
  const at = await openStore(install, await importDataKey(newDataKey()), account);
  return { at, server };
}

export async function closePhone(at: Session): Promise<void> {
  setSession(null);
  await new PhoneDatabase(at.install.install_id).delete();
  vi.unstubAllGlobals();
}
