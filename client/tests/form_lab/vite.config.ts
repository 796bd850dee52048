import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Built by the browser tests into a folder of their own; never part of the app.
export default defineConfig({
  root: here("."),
  base: "./",
  plugins: [vue()],
  resolve: { alias: { "@lib": here("../../src/lib") } },
  define: { __VUE_OPTIONS_API__: true, __VUE_PROD_DEVTOOLS__: false, __APP_BUILD__: JSON.stringify("lab") },
  build: { target: "chrome90", outDir: process.env["FORM_LAB_OUT"] ?? here("./dist"), emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 3000 },
});
