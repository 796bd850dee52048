/** PURE: own edits that the server has not shown back yet. Their base version and row stay for the next op (design §5).
 *
 * Without this, a lost answer followed by a pull would make the next op claim to have seen what came between.
 */
import type { EntityBase, SeenRow, Values } from "../types";
import { recordKey } from "./ops";
import type { BaseMeta } from "./state";

/** What one own op writes to one record, as its instance says. */
export interface OwnWrite { dataset: string; id: string; create: boolean; label: string | null; parent: string | null; values: Values }

/** The row as it was when the first open op was made, and what the own ops wrote since, oldest first. */
export interface OwnLayers { row: SeenRow; layers: { op_id: string; label: string | null; values: Values }[] }

/** The record as its author sees it: the kept row under the own writes that the server did not put aside. */
export function overlay(kept: OwnLayers, dropped: string[]): SeenRow {
  return kept.layers.filter((layer) => !dropped.includes(layer.op_id)).reduce<SeenRow>(
    (row, layer) => ({ ...row, label: layer.label || row.label, data: { ...row.data, ...layer.values } }), kept.row);
}

/** A row's values for a form that knows `known` steps of its vocabulary (a form from before the first step: 0).
 *
 * `past` is what the server's row was called in older words. An own row carries the words of the form that it was written with,
 * and what its author wrote there counts more.
 */
export function inWords(data: Values, past: Record<string, Values> | undefined, known: number | undefined, own: boolean): Values {
  const then = past?.[String(known ?? 0)] ?? {};
  return own ? { ...then, ...data } : { ...data, ...then };
}

/** A base and its layers after one more own op. `before`: as they are; `seen`: the row that the op's author was shown. */
export function withWrite(opId: string, write: OwnWrite, before: { meta: BaseMeta; kept: OwnLayers } | undefined, seen: SeenRow | undefined): { meta: BaseMeta; kept: OwnLayers } {
  const row = before?.kept.row ?? seen ?? bornHere(write);
  const layer = { op_id: opId, label: write.label, values: write.values };
  const meta = {
    key: recordKey(write.dataset, write.id), parent: row.parent ?? "", base_version: row.base_version, ops: [...(before?.meta.ops ?? []), opId],
    dropped: before?.meta.dropped ?? [], answered_version: before?.meta.answered_version ?? 0,
  };
  return { meta, kept: { row, layers: [...(before?.kept.layers ?? []), layer] } };
}

/** A base that is made anew for one record, of what each of these ops writes, oldest first; undefined where none writes to it. */
export function baseOf(key: string, ops: { op_id: string; writes: OwnWrite[] }[], seen: SeenRow | undefined): { meta: BaseMeta; kept: OwnLayers } | undefined {
  const own = ops.flatMap(({ op_id, writes }) => writes.filter((write) => recordKey(write.dataset, write.id) === key).map((write) => ({ op_id, write })));
  return own.reduce<ReturnType<typeof withWrite> | undefined>((made, { op_id, write }) => withWrite(op_id, write, made, seen), undefined);
}

const bornHere = (write: OwnWrite): SeenRow => ({
  dataset: write.dataset, id: write.id, label: write.label ?? "", base_version: 0, branch_id: "", parent: write.parent, data: {},
});

/** Bases of what is written: what the author was shown of the properties that the form writes. What the row does not have was
 * shown empty, so that an answer which stays empty is no edit of what the server knows; of a record that left
 * this phone and has no row, all of it. A create has no base. */
export function entityBases(writes: OwnWrite[], seen: Map<string, SeenRow>): EntityBase[] {
  return writes.map(({ dataset, id, create, values }) => {
    const row = seen.get(recordKey(dataset, id));
    if (create && !row) return { dataset, id };
    const base: Values = {};
    for (const name of Object.keys(values)) base[name] = row?.data[name] ?? null;
    return row ? { dataset, id, base_version: row.base_version, base } : { dataset, id, base };
  });
}

/** Ops that must come first: those of this phone that made a record which this one changes. */
export function createdBy(writes: OwnWrite[], seen: Map<string, SeenRow>, openOps: Map<string, string[]>): string[] {
  const ids = writes.filter((write) => seen.get(recordKey(write.dataset, write.id))?.base_version === 0)
    .map((write) => openOps.get(recordKey(write.dataset, write.id))?.[0]);
  return [...new Set(ids.filter((id): id is string => id !== undefined))];
}
