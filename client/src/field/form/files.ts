/** Names of files in an instance, and files that a killed tab left without their name. */
import type { RootNode, UploadNode } from "@getodk/xforms-engine";
import { everyNode } from "./tree";
import { nameOf } from "./record";

/** 20261121T101530 in the phone's own time: sorts by time, readable, safe in every file system. */
function stamp(now: Date): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}T${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

function extensionOf(mediaType: string): string {
  const known: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "text/plain": "txt" };
  const subtype = mediaType.split("/")[1]?.split(";")[0] ?? "";
  return known[mediaType] ?? (/^[a-z0-9]{2,5}$/.test(subtype) ? subtype : "bin");
}

/** Unique in a draft: question, time, four random digits. */
export function newFileName(question: UploadNode, mediaType: string, now = new Date()): string {
  const noise = crypto.getRandomValues(new Uint16Array(1))[0] as number;
  return `${nameOf(question)}.${stamp(now)}.${noise.toString(16).padStart(4, "0")}.${extensionOf(mediaType)}`;
}

/** The tab may die between storing a photo and storing its name: an only question of that name, still empty, gets it back. */
export function recoverFiles(root: RootNode, fileNames: readonly string[]): string[] {
  const uploads = everyNode(root).filter((node): node is UploadNode => node.nodeType === "upload");
  const named = new Set(uploads.map((upload) => upload.currentState.instanceValue));
  const recovered: string[] = [];
  for (const name of fileNames) {
    const asked = uploads.filter((upload) => nameOf(upload) === name.split(".")[0]);
    const [only] = asked;
    if (named.has(name) || asked.length !== 1 || !only || only.currentState.instanceValue !== "") continue;
    only.setValue(new File([], name));
    recovered.push(name);
  }
  return recovered;
}
