/** PURE: the places where a worker may write, as the list region.csv that forms read. */
import { csvText } from "./csv";
import type { Region } from "./definitions";
import type { User } from "./types";

const WRITING = ["cadre", "supervisor", "admin"];
const CHOSEN = ["village", "group"];

/** Columns name (code), label, level, parent; groups with the name of their village, in the order of the codes. */
export function regionRows(regions: Region[], user: User, language: "zh" | "en"): string {
  const byCode = new Map(regions.map((region) => [region.code, region]));
  const own = new Set(user.roles.filter(({ role }) => WRITING.includes(role)).map(({ region }) => region));
  const mine = regions.filter((region) => CHOSEN.includes(region.level) && above(region, byCode).some((code) => own.has(code)));
  const rows = mine.sort((a, b) => (a.code < b.code ? -1 : 1)).map((region) => [region.code, labelOf(region, byCode, language), region.level, region.parent ?? ""]);
  return csvText(["name", "label", "level", "parent"], rows);
}

/** The region's own code and those of all above it. */
function above(region: Region, byCode: Map<string, Region>): string[] {
  const codes: string[] = [];
  for (let at: Region | undefined = region; at && !codes.includes(at.code); at = at.parent ? byCode.get(at.parent) : undefined) codes.push(at.code);
  return codes;
}

function labelOf(region: Region, byCode: Map<string, Region>, language: "zh" | "en"): string {
  const name = (one: Region): string => one.names?.[language] ?? one.name;
  const village = region.level === "group" && region.parent ? byCode.get(region.parent) : undefined;
  return village && !name(region).includes(name(village)) ? `${name(village)} ${name(region)}` : name(region);
}
