/** The areas of the signed-in person as a tree, and the one that is chosen. Pure but for the chosen one's keeping. */
import type { Area } from "./wire";

export type AreaNode = { value: string; label: string; children?: AreaNode[] };

export const nameOf = (names: { zh?: string; en?: string } | null | undefined, language: string): string =>
  (language === "en" ? names?.en || names?.zh : names?.zh || names?.en) ?? "";

/** The person's own areas below each other. */
export function treeOf(all: Area[], language: string): AreaNode[] {
  const areas = all.filter((area) => !area.above);
  const below = new Map<string | null, Area[]>();
  const codes = new Set(areas.map((area) => area.code));
  for (const area of areas) {
    const parent = area.parent !== null && codes.has(area.parent) ? area.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), area]);
  }
  const nodes = (parent: string | null): AreaNode[] | undefined =>
    below.get(parent)?.map((area) => ({
      value: area.code, label: nameOf(area.names, language), children: nodes(area.code),
    }));
  return nodes(null) ?? [];
}

/** The highest area that is the person's own; where there are several, the first. */
export function ownTop(areas: Area[]): string | null {
  const own = areas.filter((area) => !area.above);
  const codes = new Set(own.map((area) => area.code));
  return own.find((area) => area.parent === null || !codes.has(area.parent))?.code ?? null;
}

/** From the top of the tree down to `code`, itself included. */
export function wayTo(areas: Area[], code: string | null): Area[] {
  const byCode = new Map(areas.map((area) => [area.code, area]));
  const way: Area[] = [];
  for (let at = code ? byCode.get(code) : undefined; at && !way.includes(at); at = at.parent ? byCode.get(at.parent) : undefined) way.unshift(at);
  return way;
}

/** The names above the person's own areas, which only lead the way. */
export const wayAbove = (areas: Area[], code: string | null): Area[] => wayTo(areas, code).filter((area) => area.above === true);

/** Whether `code` is `area` or lies below it. */
export const isInside = (areas: Area[], code: string, area: string): boolean => wayTo(areas, code).some((step) => step.code === area);

/** `area` and all below it; without one, all. */
export const codesIn = (areas: Area[], area: string | null): string[] => areas.map(({ code }) => code).filter((code) => !area || isInside(areas, code, area));
