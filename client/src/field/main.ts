import { createApp } from "vue";
import { isUnlocked } from "@lib/session";
import i18n, { savedLanguage, setLanguage } from "@lib/i18n";
import App from "./App.vue";
import { router } from "./router";
import { applySettings } from "./state/settings";
import "./styles.css";

// Work that was under way when the store was locked ends there, with a closed database: nothing is lost, and the next
// unlock begins anew. Anything else stays an error.
window.addEventListener("unhandledrejection", (event) => {
  if (!isUnlocked()) event.preventDefault();
});

setLanguage(savedLanguage());
applySettings();
createApp(App).use(i18n).use(router).mount("#app");
