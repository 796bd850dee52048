import { createApp } from "vue";
import i18n, { savedLanguage, setLanguage } from "@lib/i18n";
import "./i18n/words";
import App from "./App.vue";
import { router } from "./router";
import { applySettings } from "./state/settings";
import "./styles.css";

setLanguage(savedLanguage());
applySettings();
createApp(App).use(i18n).use(router).mount("#app");
