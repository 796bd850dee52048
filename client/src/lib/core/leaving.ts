/** PURE: scopes that the server takes away. First everything made here is handed over, then the scope is wiped, then the server is told. */
import { recordKey } from "./ops";
import { wipeScope } from "./pages";
import { waitingOps } from "./pushing";
import { grantedScopes, type Round } from "./round";
import { photosToSend } from "./sending";
import type { Change, Store } from "./state";

/** Scopes of this phone that are not (any more) granted. */
export function leavingScopes(store: Store, round: Round): string[] {
  const granted = new Set(grantedScopes(round));
  return [...store.feeds.values()].filter((feed) => !granted.has(feed.scope)).map((feed) => feed.scope).sort();
}

/** Unfinished forms of households that no other scope holds; a revoked phone hands over all. */
export function draftsToHandOver(store: Store, round: Round): string[] {
  if (round.revoked) return store.drafts.map((draft) => draft.id);
  const leaving = new Set(leavingScopes(store, round));
  if (leaving.size === 0) return [];
  return store.drafts.filter(({ household_id }) => {
    const scopes = store.memberships.filter((row) => row.key === recordKey("household", household_id)).map((row) => row.scope);
    return household_id !== "" && scopes.length > 0 && scopes.every((scope) => leaving.has(scope));
  }).map((draft) => draft.id);
}

/** The scopes that may be wiped now: null while anything of ours is not with the server yet. */
export function chooseLeave(store: Store, round: Round): string[] | null {
  const scopes = leavingScopes(store, round);
  if (scopes.length === 0 || waitingOps(store).length > 0 || draftsToHandOver(store, round).length > 0) return null;
  return photosToSend(store).some((photo) => !round.hopeless.includes(photo.id)) ? null : scopes;
}

/** Wiping a scope and the op that says so are one change. */
export function takeLeft(store: Store, round: Round, acks: { scope: string; op_id: string }[]): Change[] {
  round.pulled.gone += acks.length;
  let rest = store;
  return acks.flatMap(({ scope, op_id }) => {
    const wiped = wipeScope(rest, scope);
    rest = { ...rest, memberships: rest.memberships.filter((row) => row.scope !== scope) };
    return [...wiped, { do: "add-ack" as const, op_id, scope }];
  });
}

/** A revoked phone keeps nothing once all is handed over and every scope's wiping is acknowledged. What the server
 * will not take (an op stuck without a status, a refused photo) exists here only, so it stays, and with it the store.
 */
export const mayWipeAll = (store: Store, round: Round): boolean =>
  round.revoked && store.ops.every((op) => op.state !== "stuck" || op.status !== "") && store.feeds.size === 0 && waitingOps(store).length === 0 && store.drafts.length === 0 && photosToSend(store).length === 0;
