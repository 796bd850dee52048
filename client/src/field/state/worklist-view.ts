/** Search and filter stay when the reader comes back from a household; not kept beyond the app's life. */
import { reactive } from "vue";

export const kept = reactive({ search: "", filter: "all" as "all" | "task" | "draft" | "waiting", group: "" });
