import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Started by the Python tests of the forms, never by `npm test`: its input comes from them.
export default defineConfig({
  root: here("../.."),
  resolve: { alias: { "@lib": here("../../src/lib") } },
  define: { __APP_BUILD__: JSON.stringify("cases") },
  test: { include: ["tests/cases/*.test.ts"], environment: "jsdom", setupFiles: ["./tests/setup.ts"], testTimeout: 600_000, pool: "forks" },
});
