/** What the list and the map show: the households that search, filter and village leave. */
import { computed } from "vue";
import { hasTask, households, isOverdue, type HouseholdLine } from "./households";
import { fitting } from "./search";
import { kept, type Filter } from "./worklist-view";

export const PASSES: Record<Filter, (line: HouseholdLine) => boolean> = {
  all: () => true, task: hasTask, due: (line) => Boolean(line.due), overdue: isOverdue, changed: (line) => line.changed, question: (line) => line.questions > 0, conflict: (line) => line.contested > 0,
  unvisited: (line) => !line.visited, draft: (line) => line.draft, waiting: (line) => line.state !== null && line.state !== "accepted",
};

export const passing = computed(() => fitting(households.value, kept.search).filter((line) => PASSES[kept.filter](line) && (!kept.group || line.region === kept.group)));
