/** PURE: the store after some changes. The phone's own database does the same to its tables, in one transaction. */
import type { Change, Membership, Store } from "./state";

export function applyChanges(store: Store, changes: Change[]): Store {
  if (changes.length === 0) return store;
  const next = new Copy(store);
  for (const change of changes) next.apply(change);
  return next.store();
}

class Copy {
  private readonly members: Map<string, Membership>;
  private readonly copy: Store;

  constructor(from: Store) {
    this.copy = { ...from, ops: [...from.ops], bases: new Map(from.bases), feeds: new Map(from.feeds), records: new Map(from.records), photos: [...from.photos] };
    this.members = new Map(from.memberships.map((row) => [`${row.scope}|${row.key}`, row]));
  }

  store(): Store {
    return { ...this.copy, memberships: [...this.members.values()] };
  }

  apply(change: Change): void {
    const { copy } = this;
    switch (change.do) {
      case "op": copy.ops = copy.ops.map((op) => (op.seq === change.seq ? { ...op, ...change.set } : op)); break;
      case "add-ack": copy.ops.push(newAck(copy, change)); break;
      case "drop-op": copy.ops = copy.ops.filter((op) => op.seq !== change.seq); break;
      case "base": case "make-base": copy.bases.set(change.row.key, change.row); break;
      case "drop-base": copy.bases.delete(change.key); break;
      case "feed": copy.feeds.set(change.row.scope, change.row); break;
      case "drop-feed": copy.feeds.delete(change.scope); break;
      case "record": copy.records.set(change.row.key, change.row); break;
      case "drop-record": copy.records.delete(change.key); break;
      case "member": this.members.set(`${change.row.scope}|${change.row.key}`, change.row); break;
      case "drop-member": this.members.delete(`${change.scope}|${change.key}`); break;
      case "photo": copy.photos = copy.photos.map((photo) => (photo.id === change.id ? { ...photo, ...change.set } : photo)); break;
      case "drop-photo": copy.photos = copy.photos.filter((photo) => photo.id !== change.id); break;
      case "server": copy.server = { ...copy.server, ...change.set };
    }
  }
}

/** In a slice of the store its seq is not known yet; it is the last in any case. */
const newAck = (store: Store, { op_id, scope }: { op_id: string; scope: string }): Store["ops"][number] => ({
  seq: Math.max(0, ...store.ops.map((op) => op.seq)) + 1, op_id, kind: "revocation_ack", instance_id: "", household_id: "", state: "queued", status: "", code: "",
  tries: 0, created_at: scope, answered_at: "", size: 700, records: [],
});
