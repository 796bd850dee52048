/** PURE: what a phone keeps that sync decides on. Contents (rows, op bodies, photos) are named by their keys only. */
import type { OpStatus } from "../types";

/** queued: no answer yet · held: the server waits for another op · settled: final · stuck: kept aside, a person must look. */
export type OpState = "queued" | "held" | "settled" | "stuck";

/** `status` "": the server has never answered for it. `household_id`: whose wiping takes its contents along. */
export interface OpMeta {
  seq: number; op_id: string; kind: string; instance_id: string; household_id: string; state: OpState;
  status: OpStatus | ""; code: string; tries: number; created_at: string; answered_at: string; size: number;
  /** Keys of the records it writes. */
  records: string[];
}

/** What an own unsettled op rests on: base_version and row stay until the server's own row says the same or more. */
export interface BaseMeta {
  key: string; parent: string; base_version: number;
  /** Ops still unsent, unanswered or held, oldest first. */
  ops: string[];
  /** Ops that the server keeps aside; their values are not shown. */
  dropped: string[];
  /** The highest version that an answer named. */
  answered_version: number;
}

/** One feed. `sweeping`: it is being fetched again from 0; memberships without its `mark` go at the end.
 *
 * `state` leaving: the server took it away; it is wiped once nothing of ours waits. `unread`: entries that this build
 * of the app could not read; another build fetches the feed again.
 */
export interface FeedMeta {
  scope: string; after: number; head: number; view: string | null; state: string; epoch: string | null; mark: number; sweeping: boolean;
  unread?: number; build?: string;
}

/** `kind`: "entity:household", "assignment", "form" …; `parent`: id of the household that it belongs to. */
export interface RecordMeta { key: string; kind: string; parent: string; version: number }
export interface Membership { scope: string; key: string; mark: number }

/** `kept`: its bytes are still on this phone. */
export interface PhotoMeta { id: string; owner: string; sha256: string; size: number; offset: number; state: "draft" | "pending" | "sent"; tries: number; kept: boolean }
export interface DraftMeta { id: string; household_id: string }

/** What the phone remembers of its server. `resend`: a restored server may have lost what it once answered for. `push_bytes`,
 * `pull_rows`: how much its line carried last in one request (0: not known).
 */
export interface Server { epoch: string | null; acked_seq: number; resend: boolean; push_bytes: number; pull_rows: number; checked_at: number }

/** The part of the store that one step looks at (`needs.ts` says which); the whole store will do as well. */
export interface Store {
  server: Server;
  ops: OpMeta[];
  bases: Map<string, BaseMeta>;
  feeds: Map<string, FeedMeta>;
  records: Map<string, RecordMeta>;
  memberships: Membership[];
  photos: PhotoMeta[];
  drafts: DraftMeta[];
}

/** One change of the store. All changes of a step are written in one transaction, or none is.
 *
 * `entry`: place of a feed's entry in the answer that brought it ([scope, place]), for whoever keeps the contents; of a base that is
 * made anew null when the server has no such row.
 */
export type Change =
  | { do: "op"; seq: number; set: Partial<OpMeta>; answer?: number }
  | { do: "add-ack"; op_id: string; scope: string }
  | { do: "drop-op"; seq: number; op_id: string }
  | { do: "base"; row: BaseMeta }
  | { do: "make-base"; row: BaseMeta; entry: [string, number] | null }
  | { do: "drop-base"; key: string }
  | { do: "feed"; row: FeedMeta }
  | { do: "drop-feed"; scope: string }
  | { do: "record"; row: RecordMeta; entry: [string, number] }
  | { do: "drop-record"; key: string; erased?: true }
  | { do: "member"; row: Membership }
  | { do: "drop-member"; scope: string; key: string }
  | { do: "photo"; id: string; set: Partial<PhotoMeta> }
  | { do: "drop-photo"; id: string }
  | { do: "server"; set: Partial<Server> };

export const newServer = (): Server => ({ epoch: null, acked_seq: 0, resend: false, push_bytes: 0, pull_rows: 0, checked_at: 0 });
