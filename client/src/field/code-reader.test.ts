/** What the camera reads is the browser's: bars only where it has a reader of its own and they are asked for. */
import { afterEach, expect, it, vi } from "vitest";
import { codeReader } from "./state/qr";

const asked: string[][] = [];

function browserReads(...kinds: string[]): void {
  vi.stubGlobal("BarcodeDetector", class {
    static getSupportedFormats = async (): Promise<string[]> => kinds;
    constructor({ formats }: { formats: string[] }) { asked.push(formats); }
    detect = async (): Promise<{ rawValue: string }[]> => [{ rawValue: "6901234567892" }];
  });
}

afterEach(() => { vi.unstubAllGlobals(); asked.length = 0; });

it("reads the bars on a meter with the browser's own reader, and only QR codes where a code of ours is meant", async () => {
  browserReads("qr_code", "ean_13", "code_128", "unknown");
  const every = await codeReader("every");
  expect([every.readsBars, await every.read(document.createElement("video"))]).toEqual([true, "6901234567892"]);
  expect((await codeReader("qr")).readsBars).toBe(false);
  expect(asked).toEqual([["qr_code", "ean_13", "code_128"], ["qr_code"]]);
});

it("says that it reads no bars where the browser has no reader", async () => {
  expect((await codeReader("every")).readsBars).toBe(false);
});
