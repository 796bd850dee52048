/** PURE: what an instance writes, read as the server reads it: `meta/entity` nodes and the form's `entities:saveto` binds. */
import type { OwnWrite } from "./core/bases";
import type { Values } from "./types";
import { childrenNamed, parseXml } from "./xml";

/** One bind with saveto: where the value stands in the instance, and the property it goes to (of this dataset, where it says so). */
export interface SavePath { steps: string[]; dataset: string | null; property: string }

const isTrue = (text: string | null): boolean => text === "1" || text === "true";

/** The saveto binds of a form. `saveto` may be prefixed by its list ("member#full_name"). */
export function savePaths(xform: string): SavePath[] {
  const found: SavePath[] = [];
  for (const bind of Array.from(parseXml(xform).getElementsByTagNameNS("*", "bind"))) {
    const saveto = Array.from(bind.attributes).find((item) => item.localName === "saveto")?.value;
    const nodeset = bind.getAttribute("nodeset");
    if (!saveto || !nodeset) continue;
    const [property = saveto, dataset = null] = saveto.split("#").reverse();
    found.push({ steps: nodeset.split("/").filter(Boolean), dataset, property });
  }
  return found;
}

interface EntityNode { node: Element; scope: Element; steps: string[] }

/** Every `meta/entity`, with the group, repeat or root that it speaks for. */
function entityNodes(root: Element): EntityNode[] {
  const found: EntityNode[] = [];
  const walk = (scope: Element, steps: string[]): void => {
    for (const child of Array.from(scope.children)) {
      if (child.localName === "meta") for (const node of childrenNamed(child, "entity")) found.push({ node, scope, steps });
      else walk(child, [...steps, child.localName]);
    }
  };
  walk(root, [root.localName]);
  return found;
}

const isPrefix = (short: string[], long: string[]): boolean => short.length < long.length && short.every((step, place) => long[place] === step);

/** A bind belongs to the entity with the longest path above it. */
function belongsTo(entity: EntityNode, bind: SavePath, all: EntityNode[]): boolean {
  if (!isPrefix(entity.steps, bind.steps)) return false;
  return !all.some((other) => other.steps.length > entity.steps.length && isPrefix(other.steps, bind.steps));
}

function valueAt(scope: Element, steps: string[]): string | null | undefined {
  let node: Element | undefined = scope;
  for (const step of steps) node = node ? childrenNamed(node, step)[0] : undefined;
  return node ? (node.textContent ?? "").trim() || null : undefined;
}

function valuesOf(entity: EntityNode, binds: SavePath[], all: EntityNode[]): Values {
  const values: Values = {};
  for (const bind of binds.filter((item) => belongsTo(entity, item, all))) {
    const value = valueAt(entity.scope, bind.steps.slice(entity.steps.length));
    // Absent writes nothing; empty clears.
    if (value !== undefined) values[bind.property] = value;
  }
  return values;
}

export const bareId = (id: string): string => id.trim().replace(/^uuid:/i, "").toLowerCase();

/** The writes of an instance in document order. `household`: parent of the records that it makes; null: the household is made here too. */
export function ownWrites(instanceXml: string, binds: SavePath[], household: string | null): OwnWrite[] {
  const writes = writesOf(parseXml(instanceXml).documentElement, binds);
  const parent = household ?? writes.find((write) => write.dataset === "household")?.id ?? null;
  const named = ({ values }: OwnWrite): string | null => (typeof values["household"] === "string" ? bareId(values["household"]) : null);
  return writes.map((write) => ({ ...write, parent: write.dataset === "household" ? null : named(write) ?? parent }));
}

function writesOf(root: Element, binds: SavePath[]): OwnWrite[] {
  const all = entityNodes(root);
  return all.filter(({ node }) => isTrue(node.getAttribute("create")) || isTrue(node.getAttribute("update"))).map((entity) => {
    const { node } = entity;
    const dataset = node.getAttribute("dataset") ?? "";
    const label = childrenNamed(node, "label")[0]?.textContent?.trim() || null;
    return {
      dataset, id: bareId(node.getAttribute("id") ?? ""), create: isTrue(node.getAttribute("create")) && !isTrue(node.getAttribute("update")), label,
      parent: null, values: valuesOf(entity, binds, all),
    };
  }).filter((write) => write.id !== "");
}

/** Names of the files that the answers refer to: a text that is exactly one of `names`. */
export function usedNames(instanceXml: string, names: string[]): Set<string> {
  const texts = new Set(Array.from(parseXml(instanceXml).getElementsByTagName("*")).filter((node) => node.children.length === 0).map((node) => node.textContent?.trim() ?? ""));
  return new Set(names.filter((name) => texts.has(name)));
}

/** Files that a form asks for: jr://file-csv/x.csv, jr://images/y.png … → their names. */
export function mediaNames(xform: string): string[] {
  const names = Array.from(xform.matchAll(/jr:\/\/(?:file|file-csv|images|audio|video)\/([^"'<>\s]+)/g), (match) => match[1] ?? "");
  return [...new Set(names)].filter((name) => name !== "" && name !== "last-saved.xml");
}

/** The instance under a new id, naming the one it corrects. */
export function corrected(instanceXml: string, instanceId: string): string {
  const instance = parseXml(instanceXml);
  const id = Array.from(instance.getElementsByTagNameNS("*", "instanceID")).find((node) => node.parentElement?.parentElement === instance.documentElement);
  if (!id) return instanceXml;
  const kept = childrenNamed(id.parentElement as Element, "deprecatedID")[0];
  const before = kept ?? id.parentElement?.insertBefore(instance.createElementNS(id.namespaceURI, id.prefix ? `${id.prefix}:deprecatedID` : "deprecatedID"), id.nextSibling);
  if (before) before.textContent = id.textContent;
  id.textContent = instanceId;
  return new XMLSerializer().serializeToString(instance);
}

/** The instance naming the one that it replaces; one that names it already stays as it is. */
export function replacing(instanceXml: string, deprecatedId: string): string {
  const instance = parseXml(instanceXml);
  const id = Array.from(instance.getElementsByTagNameNS("*", "instanceID")).find((node) => node.parentElement?.parentElement === instance.documentElement);
  const meta = id?.parentElement;
  if (!id || !meta || childrenNamed(meta, "deprecatedID")[0]?.textContent?.trim() === deprecatedId) return instanceXml;
  const kept = childrenNamed(meta, "deprecatedID")[0] ?? meta.insertBefore(instance.createElementNS(id.namespaceURI, id.prefix ? `${id.prefix}:deprecatedID` : "deprecatedID"), id.nextSibling);
  kept.textContent = deprecatedId;
  return new XMLSerializer().serializeToString(instance);
}

/** A form keeps only what it declares: a correction's form declares the id that it replaces. */
export const withDeprecatedId = (xform: string): string =>
  (/deprecatedID[\s/>]/.test(xform) ? xform : xform.replace(/<((?:\w+:)?)instanceID\s*\/>/, "$&<$1deprecatedID/>"));
