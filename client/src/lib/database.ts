/** The tables of one worker in one browser profile. Indexes are on ids and states only; whatever names a person is sealed. */
import Dexie, { type Table } from "dexie";
import type { BaseMeta, FeedMeta, Membership, OpMeta, RecordMeta } from "./core/state";
import type { FormSettings } from "./form-settings";
import type { PinWrap, Sealed } from "./vault";

export interface MetaRow { key: string; sealed: Sealed }
export interface CounterRow { name: string; value: number; text?: string }

export type FeedRow = FeedMeta;
export interface RecordRow extends RecordMeta { sealed: Sealed }
export type MembershipRow = Membership;

/** `sealed`: the row as it was when the first open op was made, and what the own ops wrote since. */
export interface BaseRow extends BaseMeta { sealed: Sealed }

/** `media`, `media_hashes`: by file name. `vocabulary`: steps of each dataset that it knows. Rows of an older app lack the last line. */
export interface FormRow {
  form_id: string; version: string; hash: string; xform: string; names: { zh?: string; en?: string }; datasets: string[]; media: Record<string, Uint8Array>;
  media_hashes?: Record<string, string>; settings?: FormSettings; vocabulary?: Record<string, number>;
}

export interface DraftRow { id: string; household_id: string; form_id: string; updated_at: string; sealed: Sealed }

export type { OpState } from "./core/state";
export interface OpRow extends OpMeta { sealed: Sealed }

export type PhotoState = "draft" | "pending" | "sent";
export interface PhotoRow {
  id: string; owner: string; name: string; sha256: string; size: number; state: PhotoState;
  upload_url: string; offset: number; tries: number;
  /** Sealed PhotoFacts and sealed bytes; bytes go once the visit is old and accepted. */
  facts: Sealed; bytes: Sealed | null;
}

/** `version`: of the record that it belongs to, where that matters. */
export interface CacheRow { key: string; at: string; version?: number; sealed: Sealed }

export class PhoneDatabase extends Dexie {
  meta!: Table<MetaRow, string>;
  counters!: Table<CounterRow, string>;
  feeds!: Table<FeedRow, string>;
  records!: Table<RecordRow, string>;
  memberships!: Table<MembershipRow, [string, string]>;
  bases!: Table<BaseRow, string>;
  forms!: Table<FormRow, [string, string]>;
  drafts!: Table<DraftRow, string>;
  ops!: Table<OpRow, number>;
  photos!: Table<PhotoRow, string>;
  cache!: Table<CacheRow, string>;

  constructor(installId: string) {
    super(`ruhu-${installId}`);
    this.version(1).stores({
      meta: "key", counters: "name", feeds: "scope", records: "key, kind, parent", memberships: "[scope+key], scope, key",
      bases: "key, parent", forms: "[form_id+version], form_id", drafts: "id, household_id", ops: "seq, &op_id, instance_id, state",
      photos: "id, owner, state, &[owner+name], sha256", cache: "key",
    });
  }
}

/** Who has used the app in this browser profile. Known before unlocking, so it holds no more than the sign-in name. */
export interface InstallRow {
  install_id: string; username: string; user_id: string; last_used: number;
  pin: PinWrap | null; server_wrap: string | null; server_key: JsonWebKey | null;
  wrong_pins: number; wait_until: number;
  device_key: CryptoKeyPair | null; device_key_id: string | null;
}

export class InstallDatabase extends Dexie {
  installs!: Table<InstallRow, string>;

  constructor() {
    super("ruhu");
    this.version(1).stores({ installs: "install_id, &username" });
  }
}
