/** What was found in a submission, in the order in which a reviewer thinks about it. */
import type { Answer, Finding, Names } from "./wire";

/** answers: a person answered so; computed: the form would have it otherwise; rules: facts that do not fit; visit: about the sending. */
export type About = "answers" | "computed" | "rules" | "visit";
export interface FoundAt { path: string | null; labels: Names; rows: number[]; findings: Finding[]; answered: boolean }
export interface FoundGroup { about: About; places: FoundAt[] }

const ABOUT: Record<string, About> = {
  required: "answers", constraint: "answers", type: "answers", choice: "answers", relevance: "answers",
  repeat_count: "computed", bind: "computed", rule: "rules",
};
const ORDER: About[] = ["answers", "rules", "computed", "visit"];

/** /data/members/row[2]/name → [2] */
const rowsOf = (path: string): number[] => [...path.matchAll(/\[(\d+)\]/g)].map((found) => Number(found[1]));
const aboutOf = (one: Finding): About => ABOUT[one.kind ?? ""] ?? "visit";
/** The same words twice at one place are one finding. */
const wordsOf = (one: Finding): string => JSON.stringify([one.kind, one.code, one.message]);

function placesOf(findings: Finding[], answers: Map<string, Answer>): FoundAt[] {
  const places = new Map<string, FoundAt>();
  for (const one of findings) {
    const path = one.path ?? "";
    const answer = answers.get(path);
    const place = places.get(path) ?? { path: one.path, labels: answer?.labels ?? one.labels ?? {}, rows: rowsOf(path), findings: [], answered: answer !== undefined };
    if (!place.findings.some((known) => wordsOf(known) === wordsOf(one))) place.findings.push(one);
    places.set(path, place);
  }
  return [...places.values()];
}

export function foundGroups(findings: Finding[], answers: Answer[]): FoundGroup[] {
  const byPath = new Map(answers.map((answer) => [answer.position_path, answer]));
  return ORDER.map((about) => ({ about, places: placesOf(findings.filter((one) => aboutOf(one) === about), byPath) })).filter((group) => group.places.length > 0);
}
