/** The worklist in memory: made after unlocking, gone at locking. Searching never touches the disk. */
import { ref, shallowRef } from "vue";
import { listDrafts } from "@lib/drafts";
import { listOutbox } from "@lib/outbox";
import { initials } from "@lib/pinyin";
import { lookedVersions } from "@lib/looked";
import { openQuestions } from "@lib/questions";
import { listAssignments, listRecords, listReviews, type RecordView } from "@lib/records";
import { session } from "@lib/session";
import type { AssignmentEntry, OutboxState } from "@lib/types";
import { drawn, idle } from "./calm";
import { follow } from "./syncing";
import { kept, showWhole } from "./worklist-view";

export interface HouseholdLine {
  id: string; name: string; region: string; address: string; category: string; size: number | null; lon: number | null; lat: number | null;
  due: AssignmentEntry | null; questions: number; contested: number; sentBack: boolean; draft: boolean; state: OutboxState | null;
  /** Answers that the server asks to look at again. */
  findings: number;
  /** Others changed it since this worker last looked. */
  changed: boolean;
  /** As far as this phone knows: a visit of one's own, or that somebody reached them. */
  visited: boolean;
  phone: string; number: string; members: string[];
  /** Everything a search may hit, lower case; made when it is first asked for. */
  readonly words: string;
}

export const households = shallowRef<HouseholdLine[]>([]);
export const loaded = ref(false);

const number = (value: unknown): number | null => (value === null || value === undefined || value === "" || Number.isNaN(Number(value)) ? null : Number(value));

interface Around { due: Map<string, AssignmentEntry>; drafts: Set<string>; states: Map<string, OutboxState>; questions: Map<string, number>; sentBack: Set<string>; findings: Map<string, number>; visited: Set<string>; looked: Map<string, number>; me: string }

/** The first day of the quarter that a day lies in, in the phone's own time. */
const quarterOf = (day: Date): Date => new Date(day.getFullYear(), Math.floor(day.getMonth() / 3) * 3, 1);
/** Of the list `disposition`: somebody was spoken to. */
export const REACHED: readonly string[] = ["complete", "partial"];
const isThisQuarter = (time: unknown): boolean => typeof time === "string" && time !== "" && Date.parse(time) >= quarterOf(new Date()).getTime();

/** What hangs on a household: tasks, drafts, unsent visits, questions from above. */
async function lookAround(): Promise<Around> {
  const [assignments, drafts, outbox, reviews] = await Promise.all([listAssignments(), listDrafts(), listOutbox(), listReviews()]);
  const householdOf = new Map(outbox.map((item) => [item.instance_id, item.household_id]));
  const asked = new Map<string, number>();
  for (const { household_id, answer } of await openQuestions(outbox)) if (household_id && !answer) asked.set(household_id, (asked.get(household_id) ?? 0) + 1);
  const findings = new Map<string, number>();
  for (const item of outbox) findings.set(item.household_id, (findings.get(item.household_id) ?? 0) + item.findings.length);
  const back = reviews.filter((review) => ["has_issues", "rejected"].includes(review.state)).map((review) => householdOf.get(review.instance_id) ?? review.entity_id ?? "");
  return {
    due: new Map(assignments.map((task) => [task.entity_id, task])), drafts: new Set(drafts.map((draft) => draft.household_id ?? "")),
    states: new Map([...outbox].reverse().map((item) => [item.household_id, item.state])), questions: asked, sentBack: new Set(back), findings,
    looked: await lookedVersions(), me: session().account.user.id,
    visited: new Set(outbox.filter((item) => item.kind === "submission" && isThisQuarter(item.created_at)).map((item) => item.household_id)),
  };
}

/** Where the house is, in WGS-84: a place may be declared in another datum, so the feed's own comes first, but for one of this phone's that is not sent yet. */
export function houseAt({ data, entry, own }: Pick<RecordView, "data" | "entry" | "own">): { lon: number | null; lat: number | null } {
  const moved = own && entry !== null && (number(data["lon"]) !== number(entry.data["lon"]) || number(data["lat"]) !== number(entry.data["lat"]));
  const at: { lon?: unknown; lat?: unknown } = (!moved && entry?.location) || data;
  return { lon: number(at.lon), lat: number(at.lat) };
}

function lineOf(view: RecordView, members: string[], around: Around): HouseholdLine {
  const { id, data } = view;
  let words: string | undefined;
  let named = members;
  const name = String(data["head_name"] ?? view.label);
  return {
    id, name, region: view.region, address: String(data["address"] ?? ""), category: String(data["household_category"] ?? ""),
    size: number(data["household_size"]) ?? (members.length || null), ...houseAt(view),
    due: around.due.get(id) ?? null, questions: around.questions.get(id) ?? 0, contested: view.contested.length, sentBack: around.sentBack.has(id),
    draft: around.drafts.has(id), state: around.states.get(id) ?? null, findings: around.findings.get(id) ?? 0,
    changed: view.entry !== null && (around.looked.get(id) ?? Infinity) < view.entry.version && view.updated_by?.id !== around.me,
    // Nobody is told of an independent visit which others there were.
    visited: view.entry?.lent === true || around.visited.has(id) || (REACHED.includes(String(data["contact_disposition"])) && isThisQuarter(data["contact_at"])),
    phone: String(data["contact_phone"] ?? ""), number: String(data["household_no"] ?? ""), members,
    get words() {
      if (named !== this.members) words = undefined;
      named = this.members;
      return (words ??= [name, view.label, data["household_no"], data["address"], data["contact_phone"], ...this.members, ...[name, ...this.members].map(initials)].join(" ").toLowerCase());
    },
  };
}

/** Names of members by household: kept from the last round, so that the list need not wait for them. */
let memberNames = new Map<string, string[]>();

/** First the households, then what only the search needs: a slow phone shows the list a second earlier. */
async function load(): Promise<void> {
  const [rows, around] = await Promise.all([listRecords("household"), lookAround()]);
  draw(rows, around);
  await drawn();
  const names = new Map<string, string[]>();
  for (const member of await listRecords("member")) names.set(member.parent ?? "", [...(names.get(member.parent ?? "") ?? []), member.label]);
  nameMembers(names, rows, around);
  await makeSearchable(households.value);
}

/** Drawn anew only where somebody searches already, or the number of people is not on record: then the list counts them. */
function nameMembers(names: Map<string, string[]>, rows: RecordView[], around: Around): void {
  const isCounted = households.value.some(({ id, size, members }) => (size === null || size === members.length) && members.length !== (names.get(id) ?? []).length);
  memberNames = names;
  if (isCounted || kept.search) draw(rows, around);
  else for (const line of households.value) line.members = names.get(line.id) ?? [];
}

/** Before somebody types, a few at a time. */
async function makeSearchable(lines: readonly HouseholdLine[]): Promise<void> {
  for (let start = 0; start < lines.length && households.value === lines; start += 200) {
    await idle();
    for (const line of lines.slice(start, start + 200)) void line.words;
  }
}

function draw(rows: RecordView[], around: Around): void {
  const lines = rows.map((row) => lineOf(row, memberNames.get(row.id) ?? [], around));
  households.value = lines.map((line) => [rank(line), line] as const).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  loaded.value = true;
}

/** Today as the phone's own calendar has it, 2026-11-22; `days` later. */
const dayIn = (days: number): string => {
  const day = new Date(Date.now() + days * 86_400_000);
  return [day.getFullYear(), String(day.getMonth() + 1).padStart(2, "0"), String(day.getDate()).padStart(2, "0")].join("-");
};
export const isOverdue = ({ due }: Pick<HouseholdLine, "due">): boolean => Boolean(due?.due && due.due.slice(0, 10) < dayIn(0));

/** What matters now: what somebody waits for or what did not get through, what is late, what is due within a week, what was begun or is to be checked; then the rest of the quarter. */
export function urgency(line: HouseholdLine): number {
  if (line.sentBack || line.questions || line.state === "needs_you") return 0;
  if (isOverdue(line)) return 1;
  if (line.due?.due && line.due.due.slice(0, 10) <= dayIn(7)) return 2;
  if (line.draft || line.findings) return 3;
  if (line.due) return 4;
  return line.visited ? 6 : 5;
}

/** A walk goes by its stops, one walk after the other; everything else by village and name. */
const walkOf = ({ due }: HouseholdLine): string => (due?.stop ? `${due.reason ?? ""}|${String(due.stop).padStart(4, "0")}` : "~");
const rank = (line: HouseholdLine): string => [urgency(line), line.due?.due ?? "9999", walkOf(line), line.region, line.name].join("|");

export const hasTask = (line: HouseholdLine): boolean => Boolean(line.due || line.questions || line.sentBack || line.contested);

/** This household was looked at: its mark goes without reading the list anew. */
export function markLooked(id: string): void {
  if (households.value.some((line) => line.id === id && line.changed)) households.value = households.value.map((line) => (line.id === id ? { ...line, changed: false } : line));
}

export const followHouseholds = (): (() => void) => follow(["records", "outbox", "drafts"], load);

export function forgetHouseholds(): void {
  households.value = [];
  memberNames = new Map();
  showWhole();
  loaded.value = false;
}
