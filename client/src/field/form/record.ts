/** Which record a question writes to, and what the phone knew of it when the draft was opened. */
import type { AnyNode } from "@getodk/xforms-engine";
import type { Person, SeenRow, Snapshot } from "@lib/types";
import type { Question } from "./tree";

export interface RecordRef {
  dataset: string;
  id: string;
}

export interface Previous {
  /** As the instance would hold it; never "". */
  value: string;
  at: string | null;
  by: Person | null;
}

/** An attribute of a node, as far as it is read here. */
interface Owned { definition: { qualifiedName: { localName: string } }; currentState: { value: string } }

const ENTITIES = "http://www.opendatakit.org/xforms/entities";

function childNamed(node: AnyNode, name: string): AnyNode | undefined {
  const children = (node.currentState.children ?? []) as readonly AnyNode[];
  return children.find((child) => nameOf(child) === name);
}

/** Last step of a node's path without its position: /data/row[2]/age → age. */
export function nameOf(node: AnyNode): string {
  return (node.currentState.reference.split("/").pop() ?? "").replace(/\[\d+\]$/, "");
}

function attributeOf(node: AnyNode, name: string): string {
  const found = node.currentState.attributes.find((attribute: Owned) => attribute.definition.qualifiedName.localName === name);
  return found?.currentState.value ?? "";
}

function bindAttribute(node: AnyNode, wanted: (attribute: Attr) => boolean): string | null {
  const { bindElement } = (node.definition as { bind?: { bindElement?: unknown } }).bind ?? {};
  const attributes = Array.from((bindElement as Element | undefined)?.attributes ?? []);
  return attributes.find(wanted)?.value ?? null;
}

/** The evidence slot of a photo question (`bind::ruhu:slot`). */
export function slotOf(question: AnyNode): string | null {
  return bindAttribute(question, (attribute) => attribute.localName === "slot" && attribute.namespaceURI !== null);
}

/** Which fact of the visit a node tells (`bind::ruhu:visit`). */
export function visitFactOf(node: AnyNode): string | null {
  return bindAttribute(node, (attribute) => attribute.localName === "visit" && attribute.namespaceURI !== null);
}

export function savedProperty(question: AnyNode): string | null {
  return bindAttribute(question, (attribute) => attribute.localName === "saveto" && attribute.namespaceURI === ENTITIES);
}

/** The record declared by a group, a repeat row or the whole form: its meta/entity. */
export function recordDeclaredBy(node: AnyNode): RecordRef | null {
  const meta = childNamed(node, "meta");
  const entity = meta && childNamed(meta, "entity");
  return entity ? { dataset: attributeOf(entity, "dataset"), id: attributeOf(entity, "id") } : null;
}

/** The label that a group or row gives its record; "" where it declares none. */
export function recordLabelOf(node: AnyNode): string {
  const meta = childNamed(node, "meta");
  const label = meta && childNamed(meta, "entity") && childNamed(childNamed(meta, "entity") as AnyNode, "label");
  return ((label?.currentState as { instanceValue?: string } | undefined)?.instanceValue ?? "").trim();
}

/** The record is not there yet: this visit adds it. */
export function isAdded(node: AnyNode): boolean {
  const meta = childNamed(node, "meta");
  const entity = meta && childNamed(meta, "entity");
  return entity !== undefined && ["1", "true"].includes(attributeOf(entity, "create"));
}

export function recordOf(question: AnyNode): RecordRef | null {
  for (let at = question.parent as AnyNode | null; at; at = at.parent as AnyNode | null) {
    const declared = recordDeclaredBy(at);
    if (declared) return declared;
    if (at.nodeType === "root") return null;
  }
  return null;
}

function bareId(id: string): string {
  return id.toLowerCase().replace(/^uuid:/, "");
}

export function seenRow(record: RecordRef, snapshot: Snapshot): SeenRow | null {
  const rows = [...(snapshot.household ? [snapshot.household] : []), ...snapshot.members, ...(snapshot.others ?? [])];
  return rows.find((row) => row.dataset === record.dataset && bareId(row.id) === bareId(record.id)) ?? null;
}

/** A property's value as instance text; properties of a merge group may lie one level down. */
export function textOf(values: Readonly<Record<string, unknown>>, property: string): string {
  const groups = Object.values(values).filter((value): value is Record<string, unknown> => isGroup(value));
  const value = values[property] ?? groups.find((group) => property in group)?.[property];
  if (value === null || value === undefined || isGroup(value)) return "";
  return Array.isArray(value) ? value.join(" ") : String(value);
}

function isGroup(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was known before this visit for the property that a question saves; null: nothing known, or nothing saved. */
export function previousOf(question: Question, snapshot: Snapshot): Previous | null {
  const property = savedProperty(question);
  const record = property === null ? null : recordOf(question);
  const row = record && seenRow(record, snapshot);
  if (!row || property === null) return null;
  const value = textOf(row.data, property).trim();
  return value === "" ? null : { value, at: row.updated_at ?? null, by: row.updated_by ?? null };
}
