/** Test helpers: the engine in Node, and the rows of one invented household. */
import { createRequire } from "node:module";
import type { AnyNode, RootNode } from "@getodk/xforms-engine";
import { listCsv } from "@lib/csv";
import type { SeenRow, Snapshot } from "@lib/types";
import { openForm } from "../engine";
import type { OpenForm, OpenOptions } from "../engine";
import { everyNode } from "../tree";
import xform from "./fixtures/members.xml?raw";

// The engine's expression parser looks for these two names outside a browser.
Object.assign(globalThis, { __dirname: ".", require: createRequire(`${process.cwd()}/`) });

export const HOUSEHOLD = "11111111-1111-4111-8111-111111111111";
const A = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const B = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
const C = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";

function row(dataset: string, id: string, base_version: number, data: Record<string, unknown>): SeenRow {
  const by = { id: "p", username: "zhang", display_name: "张敏" };
  return { dataset, id, label: String(data["head_name"] ?? data["full_name"]), base_version, branch_id: "", parent: null, data, updated_at: "2026-08-03T01:00:00Z", updated_by: by };
}

const member = (id: string, version: number, full_name: string): SeenRow => row("member", id, version, { household: HOUSEHOLD, full_name, birth_date: "1970-01-02" });

function snapshot(household: SeenRow, members: SeenRow[]): Snapshot {
  return { taken_at: "2026-11-21T00:00:00Z", household, members, others: [], csv: { "household.csv": listCsv([household]), "member.csv": listCsv(members, ["household"]) } };
}

/** What the phone knew when the draft was opened. */
export const SEEN = snapshot(
  row("household", HOUSEHOLD, 5, { head_name: "王大山", water_shortage_days: 20, other_causes: ["schooling", "illness"] }),
  [member(A, 2, "王大山"), member(B, 3, "李秀兰")],
);

/** What a later pull brought: newer versions, another order, one member more in front. */
export const LATER = snapshot(
  row("household", HOUSEHOLD, 6, { head_name: "王二山", water_shortage_days: 99 }),
  [member(C, 1, "王新"), member(B, 9, "李秀兰"), member(A, 8, "王大山")],
);

export function filesOf(seen: Snapshot) {
  return { xform, file: (name: string) => Promise.resolve(seen.csv[name] === undefined ? null : { text: seen.csv[name] }) };
}

export function openOn(seen: Snapshot, options: OpenOptions = {}): Promise<OpenForm> {
  return openForm(filesOf(seen), options);
}

/** The node at a path, positions included: at(root, "/data/member_row[2]/m_name"). */
export function at<Kind extends AnyNode = AnyNode>(root: RootNode, path: string): Kind {
  const found = everyNode(root).find((node) => node.currentState.reference === path);
  if (!found) throw new Error(`no ${path} in the form`);
  return found as Kind;
}

export function valueAt(root: RootNode, path: string): string {
  return (at(root, path).currentState as { instanceValue?: string }).instanceValue ?? "";
}
