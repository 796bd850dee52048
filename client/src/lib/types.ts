/** Shapes shared by the phone, its store and its sync. Names follow the wire contract. */

// ---- What the server sends ---------------------------------------------------------------------------------------

export interface Person { id: string; username: string; display_name: string }
export interface Role { role: string; region: string | null }
/** What somebody is certified for, from a day on, up to and with another. */
export interface Qualification { kind: string; valid_from?: string | null; valid_until?: string | null }
export interface User extends Person { roles: Role[]; qualifications?: (string | Qualification)[]; must_change_password?: boolean }

/** Properties of a record: text, number, boolean or a nested object for merge groups; null is "cleared". */
export type Values = Record<string, unknown>;

export interface Place { lon: string | number; lat: string | number; accuracy_m?: string | number | null }

/** One record as the feed shows it. */
export interface EntityEntry {
  n: number; type: "entity"; dataset: string; id: string; version: number; label: string; region: string;
  parent?: string | null; state: "active" | "archived"; data: Values; contested: string[]; location?: Place | null;
  updated_at?: string; updated_by?: Person | null; photos?: unknown[];
  /** What differs for a form that knows only so many steps of the dataset's vocabulary. */
  past?: Record<string, Values>;
  /** On loan for one form: `data` holds what that form reads, the rest is withheld so that the visit is independent. */
  lent?: boolean;
}
/** `media`: the form's files with their hashes; a policy's list may change while the version stays. */
export interface FormEntry {
  n: number; type: "form"; form_id: string; version: string; hash: string; state: string;
  offered_from?: string | null; starts_on?: string | null; media?: { name: string; hash: string }[]; settings?: { roles?: string; qualification?: string };
}
/** `stop`: its place in the walk, from 1; `reason_en`: where the reason is in the server's own words. */
export interface AssignmentEntry { n: number; type: "assignment"; id: string; form_id?: string; entity_id: string; due?: string | null; reason?: string | null; reason_en?: string | null; stop?: number | null; state?: string }
export interface ReviewEntry { n: number; type: "review"; instance_id: string; state: string; comments: { path?: string; text: string }[]; entity_id?: string }
/** `path` or `attachment`: what of the visit is asked about; neither: about all of it. */
export interface QuestionEntry {
  n: number; type: "question"; id: string; instance_id: string; text: string; entity_id?: string; path?: string; attachment_id?: string;
  attachment?: { name: string; slot: string | null; sha256: string | null }; asked_by?: Person | null; asked_at?: string;
}
/** A step that was taken on a finding, and one that may be taken now. `labels`: as the workflow names it. */
export interface FindingStep { id: string; n: number; step: string; side: string; author?: Person | null; at: string; text: string; labels?: Words; due?: string | null; lead?: string | null; partner?: string | null; check?: string | null; files: { name: string; slot: string | null; sha256: string; state: string }[] }
export interface FindingOffer { step: string; labels: Words; needs: string[] }
interface Words { zh?: string; en?: string }
/** Something to be put right in the own village (`lapses`: after `due_on` it stands by itself, and nothing is offered any more), or that one is sent to look at. */
export interface FindingEntry {
  n: number; type: "finding"; id: string; number: string; region: string; household?: { id: string; label: string } | null; kind: string; text: string; photo_id?: string | null; slot?: string | null;
  state: string; state_labels?: Words; final?: boolean; since: string; due_on?: string | null; lapses?: boolean; offers: FindingOffer[]; steps: FindingStep[]; opened_by?: Person | null; opened_at: string; last?: number;
  /** Of who is sent to look whether it was put right; the village's otherwise. `check`: what the last look on the spot said. */
  side?: "inspection"; check?: { instance_id: string; verified: string | null } | null;
}
/** What somebody wrote of a contested property; `value` an object for several properties, absent values are not shown to this role. */
export interface ConflictHead { op_id: string; value: unknown; author?: Person | null; role?: string; visit?: { started_at?: string | null; ended_at?: string | null } | null; witnesses?: { op_id: string; author?: Person | null }[] }
export interface ConflictEntry {
  n: number; type: "conflict"; id: string; entity_id: string; properties: string[]; heads: ConflictHead[]; state: string; dataset?: string; kind?: string; shown?: unknown;
  /** `choose`: the op of a value, or "value" with one given by hand. */
  resolution?: { author?: Person | null; reason?: string | null; how?: string | null; choose?: string; value?: unknown } | null; closed_at?: string | null; broken?: { id: string; message: { zh?: string; en?: string } };
}
export interface OpEntry { n: number; type: "op"; op_id: string; status: OpStatus; code?: string }
export interface RemovalEntry { n: number; type: "eviction" | "tombstone"; dataset: string; id: string }
export type KeptEntry = EntityEntry | FormEntry | AssignmentEntry | ReviewEntry | QuestionEntry | ConflictEntry | FindingEntry;
export type FeedEntry = KeptEntry | OpEntry | RemovalEntry;

export type OpStatus = "applied" | "merged" | "conflicted" | "duplicate" | "held" | "quarantined" | "unreadable";

export interface OpResult {
  op_id: string; status: OpStatus; code?: string; detail?: string;
  first?: { status: OpStatus; code?: string; detail?: string };
  entities: { dataset: string; id: string; version: number; conflicts: string[] }[];
  missing_attachments: string[];
  findings?: Finding[];
}

/** What the server asks to look at again: never a refusal. `path` with positions (/data/row[2]/name), "" of the whole. */
export interface Finding { path: string; kind: string; message: { zh?: string; en?: string } }

// ---- What the phone sends ----------------------------------------------------------------------------------------

export type ContactMode = "in_person" | "phone" | "proxy" | "video";

export interface VisitPlace {
  lon: string | null; lat: string | null; accuracy_m: string | null; altitude_m?: string | null;
  datum: "WGS84"; source: "gps" | "manual_pin" | "corrected" | "none"; fix_time: string | null; reason?: string;
}
export interface Visit { started_at: string; ended_at: string; contact_mode: ContactMode; location: VisitPlace }

/** What the author of a submission had seen of one record. A create has no base, and what left the phone no base_version. */
export interface EntityBase { dataset: string; id: string; base_version?: number; base?: Values }

export interface Attachment { name: string; sha256: string; size: number; media_type: string; slot?: string; capture?: SealedCapture }

export interface OpClock { server_time_seen: string | null; device_time_then: string | null; jumped: boolean }
export interface OpEnvelope { op_id: string; install_id: string; seq: number; kind: string; device_time: string; clock: OpClock; depends_on: string[] }
export interface SubmissionBody {
  instance_id: string; form_id: string; form_version: string; instance_xml: string;
  visit: Visit; entities: EntityBase[]; attachments: Attachment[];
}
export type Op = OpEnvelope & { [field: string]: unknown };

// ---- Photos ------------------------------------------------------------------------------------------------------

/** A position as the browser gave it, always WGS-84. Lengths in metres, heading in degrees, speed in m/s. */
export interface Fix {
  lon: number; lat: number; accuracy_m: number; altitude_m: number | null; speed: number | null; heading: number | null;
  time: string;
}
export type CaptureSource = "live" | "input_capture" | "gallery";

/** What the phone knew when the shutter was pressed (one canonical JSON per photo, later chained and signed). */
export interface CaptureRecord {
  photo_sha256: string; original_sha256: string; bytes: number; width: number | null; height: number | null; media_type: string;
  source: CaptureSource; last_modified: string | null;
  fix: Fix | null; n_fixes: number; jitter_m: number | null; permission: string; fix_at_save: Fix | null;
  wall_ms: number; time_origin: number; monotonic_ms: number; tz_offset_min: number; server_time_seen: string | null;
  visit_id: string; household_id: string | null; slot: string | null; app_build: string; device_key_id: string | null;
}
export interface SealedCapture extends CaptureRecord { seq: number; prev_record_hash: string | null; signature: string | null }

export interface PhotoRef { name: string; slot: string | null; sha256: string; size: number; media_type: string }

// ---- Drafts ------------------------------------------------------------------------------------------------------

/** One record as the phone showed it when a draft was opened. base_version 0: made on this phone, no answer yet. */
export interface SeenRow {
  dataset: string; id: string; label: string; base_version: number; branch_id: string; parent: string | null; data: Values;
  updated_at?: string | null; updated_by?: Person | null;
}

/** The list rows a draft was opened with: every base comes from here, also after later pulls. */
export interface Snapshot {
  taken_at: string;
  household: SeenRow | null;
  members: SeenRow[];
  /** Rows of further datasets of the form (dwelling, water_supply …). */
  others: SeenRow[];
  /** File name → CSV text, e.g. "household.csv"; columns name,label,__version,__trunkVersion,__branchId + properties. */
  csv: Record<string, string>;
}

/** What a form page wants kept beside the answers: where the reader was, the visit so far. Must be JSON. */
export interface DraftExtra {
  /** Instance id of the visit that this draft corrects. */
  corrects?: string;
  /** Answers of a visit to another household, for a new instance to begin with. */
  carry?: [reference: string, value: string][];
  position?: string; started_at?: string; contact_mode?: ContactMode; location?: VisitPlace; answered?: number; total?: number;
  [key: string]: unknown;
}

export interface Draft {
  id: string; form_id: string; version: string; household_id: string | null; title: string;
  opened_at: string; updated_at: string; snapshot: Snapshot; instanceXml?: string; extra: DraftExtra;
}

/** What the engine needs to open a draft: the form's text and its files (lists of this draft, then the form's media). */
export interface DraftForm { xform: string; names: { zh?: string; en?: string }; file(name: string): Promise<{ text?: string; bytes?: Uint8Array } | null> }

export interface FinishedVisit {
  instanceXml: string;
  /** Exact text of meta/instanceID, "uuid:" included. */
  instanceId: string;
  visit: Visit;
  /** Second position, taken when saving; goes into every photo's capture record. */
  fixAtSave?: Fix | null;
  /** Left out: derived from the instance's entity nodes and the draft's snapshot (the usual way). */
  entities?: EntityBase[];
}

// ---- Outbox ------------------------------------------------------------------------------------------------------

/** The three states of design §8, and the fourth that asks for a person. */
export type OutboxState = "saved" | "sent" | "accepted" | "needs_you";
