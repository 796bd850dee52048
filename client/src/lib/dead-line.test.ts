// @vitest-environment node
/** A line that dies in the middle of an answer: the request ends by itself, and the next one may begin. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deleteJson, getJson, getResponse, postJson, SILENT_MS } from "./api";

let server: Server;
let answer: (response: ServerResponse) => void;
const real = globalThis.fetch;

beforeEach(async () => {
  server = createServer((_request, response) => answer(response));
  await new Promise<void>((ready) => { server.listen(0, "127.0.0.1", ready); });
  const { port } = server.address() as AddressInfo;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => real(`http://127.0.0.1:${port}${path}`, init));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

const half = (response: ServerResponse): void => {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.write('{"half": ');
};
/** Bytes cross the real loopback meanwhile. */
const moment = (): Promise<void> => new Promise((passed) => { setImmediate(() => setImmediate(passed)); });

async function until(isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !isSo(); n += 1) await moment();
}

test("an answer that falls silent half-way is a lost one", async () => {
  let begun = false;
  answer = (response) => { half(response); begun = true; };
  const asked = getJson("/sync/pull", { timeoutMs: 1000 });
  asked.catch(() => undefined);
  await until(() => begun);
  for (let n = 0; n < 50; n += 1) await moment();
  await vi.advanceTimersByTimeAsync(SILENT_MS + 1);
  await expect(asked).rejects.toMatchObject({ code: "network.timeout" });
});

test("a slow answer takes as long as it takes, while bytes come", async () => {
  let response: ServerResponse | undefined;
  answer = (now) => { half(now); response = now; };
  const asked = getJson("/sync/pull", { timeoutMs: 1000 });
  await until(() => response !== undefined);
  for (let n = 0; n < 5; n += 1) {
    for (let wait = 0; wait < 50; wait += 1) await moment();
    await vi.advanceTimersByTimeAsync(SILENT_MS - 1000);
    response?.write(" ");
  }
  response?.end("1}");
  expect(await asked).toEqual({ half: 1 });
});

test("a body that is cut is a lost answer, also of what is no JSON; a refusal keeps its words, and bytes their type", async () => {
  answer = (response) => { half(response); response.destroy(); };
  await expect(getJson("/me")).rejects.toMatchObject({ code: "network.unreachable" });
  await expect(getResponse("/photos/1")).rejects.toMatchObject({ code: "network.unreachable" });
  answer = (response) => { response.writeHead(503, { "Retry-After": "7" }).end('{"code": "server.busy"}'); };
  await expect(getJson("/me")).rejects.toMatchObject({ code: "server.busy", status: 503, retryAfter: 7 });
  answer = (response) => { response.writeHead(200, { "Content-Type": "image/jpeg" }).end("bytes"); };
  const photo = await (await getResponse("/photos/1")).blob();
  expect([photo.type, await photo.text()]).toEqual(["image/jpeg", "bytes"]);
});

test("an answer without content is whole, also where the browser gives it an empty stream", async () => {
  const empty = (): Response => ({ ok: true, status: 204, headers: new Headers(), body: new Blob([]).stream() }) as unknown as Response;
  vi.stubGlobal("fetch", async () => empty());
  expect(await postJson("/auth/logout", {})).toBeUndefined();
  await deleteJson("/anything");
});
