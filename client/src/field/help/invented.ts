/** Households of nobody, for the tour. */
import type { HouseholdLine } from "../state/households";

type Say = (key: string) => string;

const line = (id: string, name: string, more: Partial<HouseholdLine>): HouseholdLine => ({
  id, name, region: "", address: "", category: "", size: 4, lon: null, lat: null, due: null, questions: 0, contested: 0, sentBack: false, draft: false, state: null,
  findings: 0, changed: false, visited: false, phone: "", number: "", members: [], words: "", ...more,
});

export const inventedLines = (say: Say): HouseholdLine[] => [
  line("one", say("tour.name"), { due: { n: 0, type: "assignment", id: "a", entity_id: "one", due: null, reason: say("tour.reason") }, questions: 1 }),
  line("two", say("tour.other"), { size: 2, state: "saved" }),
];
