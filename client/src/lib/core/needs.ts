/** PURE: which part of the store a step looks at, beside what every step does (waiting ops and photos, feeds, bases, drafts). */
import { recordKey } from "./ops";
import { asPull, namedBy } from "./pages";
import type { Happening, Round } from "./round";
import type { DraftMeta, FeedMeta } from "./state";

/** `keys`: rows and memberships of these records · `swept`: memberships of this scope that do not carry this mark ·
 * `scope`: everything of one scope · `everything`: all memberships, ops and photos · `ops`: by id.
 */
export interface Needs { keys: string[]; swept: { scope: string; mark: number }[]; scope: string | null; everything: boolean; ops: string[] }

export function needsOf(round: Round, event: Happening, drafts: DraftMeta[], feeds: Map<string, FeedMeta>): Needs {
  const homes = drafts.filter((draft) => draft.household_id !== "").map((draft) => recordKey("household", draft.household_id));
  const needs: Needs = { keys: homes, swept: [], scope: null, everything: round.revoked || event.type === "left", ops: [] };
  const { asked } = round;
  if (event.type !== "answered") return needs;
  if (asked.ask === "push" && asked.ops.length === 0) return { ...needs, everything: true };
  if (asked.ask === "digest") return { ...needs, scope: asked.scope };
  const answer = asked.ask === "pull" ? asPull(event.body) : null;
  if (!answer) return needs;
  const named = namedBy(answer);
  const swept = Object.entries(answer.feeds).flatMap(([scope, page]) => {
    const feed = feeds.get(scope);
    return feed?.sweeping && page.status === "ok" && !page.more ? [{ scope, mark: feed.mark }] : [];
  });
  return { ...needs, keys: [...homes, ...named.keys], ops: named.ops, swept, everything: needs.everything || named.erases };
}
