/** What the server tells the console; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { Review } from "./review/wire";

export interface Names { zh?: string; en?: string }
export interface Page<T> { items: T[]; next: string | null }

export type Level = "province" | "county" | "township" | "village" | "group";
export interface Area {
  code: string; name: string; names: Names; level: Level; parent: string | null;
  /** A name only: it lies above what this person may see. */
  above?: boolean;
  households?: number; geometry?: GeoJSON.Geometry;
}

export interface Declared { lon?: string | null; lat?: string | null; accuracy_m?: string | null; source?: string | null; fix_time?: string | null; reason?: string | null }
export interface Visit { started_at: string | null; ended_at: string | null; contact_mode: string | null; location: Declared | null }
export interface HouseholdName { id: string; label: string; household_no?: string | null }

/** One row of the list. */
export interface SubmissionRow {
  instance_id: string; status: string | null; code: string | null; form_id: string; form_version: string; form_names: Names | null;
  author: Person | null; region: string | null; region_names: Names | null; received_at: string; visit: Visit; review: string;
  household: HouseholdName | null; findings: number; photos: { named: number; here: number } | null;
}

export interface Answer { path: string; position_path: string; labels: Names; type: string; value: string | null; display: Names; slot: string | null; masked: boolean }
export interface Attachment {
  id: string; name: string; slot: string | null; sha256: string | null; size: number | null; media_type: string;
  state: "complete" | "missing"; photo_state: "pending" | "ready" | "unreadable"; width: number | null; height: number | null;
  taken_at: string | null; findings: unknown[]; capture_source: string | null;
  /** How it stands in the queue of photos to look at, for who may look. */
  look: "open" | "asked" | "done" | null;
}
export interface Words { value: string; display: Names }
export interface Field {
  property: string; labels: Names; unit: string | null; group: string | null; changed: boolean;
  before: Words | null; after: Words | null; waits: Words | null; masked: boolean;
}
export interface WrittenRecord {
  dataset: string; dataset_labels: Names; id: string; label: string; version: number | null; created: boolean; card: string[]; fields: Field[];
}
export interface Position {
  lon: number; lat: number; accuracy_m: number | null; distance_m: number | null; beyond_accuracy: boolean | null;
  source?: string | null; fix_time?: string | null; reason?: string | null;
}
export interface HousePosition { lon: number; lat: number; accuracy_m: number | null; placed_by_this_visit: boolean }
export interface PhotoPosition extends Position { attachment_id: string; place_source: string | null }
export interface SubmissionMap { position: Position | null; house: HousePosition | null; photos: PhotoPosition[] }

export interface Finding { path: string | null; kind: string | null; code: string | null; message: unknown; labels?: Names }

export interface Submission extends Omit<SubmissionRow, "findings" | "photos"> {
  detail: string | null; op_id: string; install_id: string | null;
  clock: { server_time_seen?: string | null; device_time_then?: string | null; jumped?: boolean } | null;
  supersedes: string | null; superseded_by: string | null; reviews: Review[];
  answers: Answer[]; attachments: Attachment[]; findings: Finding[];
  household: { id: string; label: string } | null; records: WrittenRecord[]; map: SubmissionMap;
}

export interface Counts { region: string; households: number; visited: number; submissions: number; waiting_photos: number; conflicted: number; open_conflicts: number; unsafe_houses: number; unsafe_water: number; overdue: number; open_questions: number; to_review: number }
export interface Overview { area: Counts; items: Counts[] }
