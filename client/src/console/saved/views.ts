/** Filters kept under a name, for this person on this computer. */
import { type Ref, ref } from "vue";
import { addressOf, type Filters, filtersOf } from "../filters";

export interface View { name: string; query: Record<string, string> }
const keyOf = (person: string): string => `ruhu-console-views-${person}`;

/** What was kept; what cannot be read is nothing. */
export function viewsOf(text: string | null): View[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((one): one is View => typeof one?.name === "string" && typeof one?.query === "object").slice(0, 20) : [];
  } catch {
    return [];
  }
}

export interface Views { views: Ref<View[]>; keep: (name: string, filters: Filters) => void; remove: (name: string) => void; filtersFor: (view: View) => Filters }

export function useViews(person: string): Views {
  const views = ref(viewsOf(localStorage.getItem(keyOf(person))));
  const store = (next: View[]): void => {
    views.value = next;
    localStorage.setItem(keyOf(person), JSON.stringify(next));
  };
  return {
    views,
    keep: (name, filters) => store([...views.value.filter((one) => one.name !== name), { name, query: addressOf(filters) }]),
    remove: (name) => store(views.value.filter((one) => one.name !== name)),
    filtersFor: (view) => filtersOf(view.query),
  };
}
