/** The bytes that were set aside, read as far as they can be. Nothing here is trusted or run. Pure. */

export interface Named { dataset: string; id: string; create: boolean }
export interface Leaf { path: string; value: string }
export interface Payload {
  kind: string | null; install: string | null; device_time: string | null; form: string | null; version: string | null;
  named: Named[]; conflict: string | null; leaves: Leaf[]; files: number; text: string;
}
type Loose = Record<string, unknown>;
const asText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const asLoose = (value: unknown): Loose => (value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Loose) : {});
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function parsed(raw: string): Loose | null {
  try {
    const found: unknown = JSON.parse(raw);
    return Object.keys(asLoose(found)).length ? asLoose(found) : null;
  } catch {
    return null; // no JSON: the text itself is shown
  }
}

/** What can be told of the op; of bytes that are no JSON only their text. */
export function payloadOf(raw: string): Payload {
  const op = parsed(raw);
  const body = op ?? {};
  const named = asList(body["entities"]).map(asLoose).flatMap((one) => (asText(one["id"]) ? [{ dataset: asText(one["dataset"]) ?? "", id: one["id"] as string, create: one["create"] === true }] : []));
  const direct = asText(body["entity_id"]);
  const xml = asText(body["instance_xml"]) ?? (op ? null : raw);
  return {
    kind: asText(body["kind"]), install: asText(body["install_id"]), device_time: asText(body["device_time"]), form: asText(body["form_id"]), version: asText(body["form_version"]),
    named: named.length || !direct ? named : [{ dataset: "household", id: direct, create: false }], conflict: asText(body["conflict_id"]),
    leaves: xml ? leavesOf(xml) : [], files: asList(body["attachments"]).length, text: op ? JSON.stringify(op, null, 2) : raw,
  };
}

/** The filled form element by element, without what only programs read; empty when it is no XML. */
export function leavesOf(xml: string): Leaf[] {
  const tree = new DOMParser().parseFromString(xml, "application/xml");
  if (tree.getElementsByTagName("parsererror").length) return [];
  const leaves: Leaf[] = [];
  const walk = (element: Element, path: string): void => {
    if (element.localName === "meta") return;
    const below = [...element.children];
    if (!below.length && path) leaves.push({ path, value: element.textContent?.trim() ?? "" });
    for (const child of below) walk(child, path ? `${path}/${child.localName}` : child.localName);
  };
  walk(tree.documentElement, "");
  return leaves;
}

/** Bytes as they came: exactly, also where they are no text. */
export function bytesOf(raw: string, base64: string | undefined): Uint8Array<ArrayBuffer> {
  if (base64 === undefined) return new TextEncoder().encode(raw);
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}
