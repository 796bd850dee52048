import "element-plus/theme-chalk/base.css";
import "./styles.css";
import i18n, { addMessages, savedLanguage, setLanguage } from "@lib/i18n";
import { createApp } from "vue";
import App from "./App.vue";
import { onSignedOut } from "./api";
import en from "./i18n/en.json";
import zh from "./i18n/zh.json";
import { forget } from "./desk";
import { router } from "./router";

addMessages({ zh, en });
setLanguage(savedLanguage());
onSignedOut(() => {
  forget();
  void router.replace({ name: "sign-in", query: { to: router.currentRoute.value.fullPath, expired: "1" } });
});
createApp(App).use(i18n).use(router).mount("#app");
