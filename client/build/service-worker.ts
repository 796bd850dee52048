/** Fills the service worker with the list of files that the phone app needs offline.
 *
 * The list is what can be reached from the phone's entry (static and dynamic imports, their styles and assets);
 * the console's files are not in it, so a phone never downloads them. Its hash is the version of the cache.
 */
import { createHash } from "node:crypto";
import type { Plugin, Rollup } from "vite";

type Bundle = Rollup.OutputBundle;
type Options = { entry: string; extra: string[] };

/** Assets that a chunk names in its text: workers, which are no imports. */
const named = (bundle: Bundle, code: string): string[] => Object.values(bundle).filter((item) => item.type === "asset" && code.includes(item.fileName.replace(/^assets\//, ""))).map((item) => item.fileName);

/** Every file that `name` imports, directly or not, with styles, workers and assets. */
function reach(bundle: Bundle, name: string, seen: Set<string>): Set<string> {
  const item = bundle[name];
  if (seen.has(name) || item === undefined) return seen;
  seen.add(name);
  if (item.type !== "chunk") return seen;
  const meta = item.viteMetadata;
  for (const file of [...(meta?.importedCss ?? []), ...(meta?.importedAssets ?? []), ...named(bundle, item.code)]) seen.add(file);
  for (const file of [...item.imports, ...item.dynamicImports]) reach(bundle, file, seen);
  return seen;
}

function entryChunk(bundle: Bundle, entry: string): Rollup.OutputChunk {
  const found = Object.values(bundle).find(
    (item): item is Rollup.OutputChunk => item.type === "chunk" && item.isEntry && (item.facadeModuleId ?? "").endsWith(`/client/${entry}`),
  );
  if (!found) throw new Error(`No entry chunk for ${entry}`);
  return found;
}

function contentOf(bundle: Bundle, name: string): string | Uint8Array {
  const item = bundle[name];
  if (!item) return name;
  return item.type === "chunk" ? item.code : item.source;
}

export function serviceWorker(options: Options): Plugin {
  return {
    name: "ruhu-service-worker",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_output, bundle) {
        const worker = bundle["sw.js"];
        if (!worker || worker.type !== "chunk") throw new Error("The service worker was not built");
        const start = entryChunk(bundle, options.entry);
        const files = [...reach(bundle, start.fileName, new Set<string>())].sort();
        const all = [options.entry, ...files, ...options.extra];
        const hash = createHash("sha256");
        for (const name of all) hash.update(name).update(contentOf(bundle, name));
        const urls = all.map((name) => (name === options.entry ? "/" : `/${name}`));
        worker.code = worker.code
          .replace(/["'`]__PRECACHE__["'`]/, JSON.stringify(JSON.stringify(urls)))
          .replace(/["'`]__VERSION__["'`]/, JSON.stringify(hash.digest("hex").slice(0, 12)));
      },
    },
  };
}
