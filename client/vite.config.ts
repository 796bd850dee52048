import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";
import { serviceWorker } from "./build/service-worker";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const api = process.env["RUHU_API"] ?? "http://127.0.0.1:8000";

// Three inputs, one output folder: the phone app, the console and the service worker.
export default defineConfig({
  plugins: [vue(), serviceWorker({ entry: "index.html", extra: ["manifest.webmanifest", "icon.svg", "icon-192.png"] })],
  resolve: { alias: { "@lib": here("./src/lib") } },
  define: {
    __VUE_OPTIONS_API__: true,
    __VUE_PROD_DEVTOOLS__: false,
    __APP_BUILD__: JSON.stringify(process.env["npm_package_version"] ?? "0"),
  },
  server: { proxy: { "/api": api } },
  build: {
    target: "chrome90",
    outDir: "dist",
    assetsDir: "assets",
    // The content security policy of the server allows no inline scripts or data: fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: { field: here("./index.html"), console: here("./console/index.html"), sw: here("./src/sw/index.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "jsdom", setupFiles: ["./tests/setup.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
});
