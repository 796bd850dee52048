import { expect, test } from "vitest";
import type { OutboxItem } from "@lib/outbox";
import { reasonOf, waitingOf, waitingText } from "./state/waiting";

const item = (state: string, size: number, dots: { size: number; sent: boolean; share: number }[] = []): OutboxItem => ({ state, size, status: "", photos: { total: dots.length, sent: 0, dots } }) as unknown as OutboxItem;
const line = { online: true, running: false, outcome: "done", failed: false, photosWait: false, held: false };

test("one line says how much waits, counted in what is still to go, and why", () => {
  const sum = waitingOf([item("saved", 1000), item("sent", 500, [{ size: 200, sent: false, share: 0.5 }, { size: 900, sent: true, share: 1 }]), item("accepted", 700)]);
  expect(sum).toEqual({ records: 1, photos: 1, bytes: 1100 });
  expect(waitingText(sum, reasonOf(sum, { ...line, online: false }), "1 KB")).toBe("1 条记录、1 张照片（1 KB）在等：现在没有网络，有了网络自己会发，不用守着。");
  expect(waitingText(waitingOf([item("accepted", 700)]), "soon", "")).toBe("");
});

test.each([
  [{ outcome: "sign_in", online: false }, "sign_in"], [{ running: true }, "running"], [{ online: false, failed: true }, "offline"], [{ failed: true }, "failed"], [{}, "soon"],
])("of a line like %o the reason is %s", (more, reason) => {
  expect(reasonOf({ records: 1, photos: 0, bytes: 9 }, { ...line, ...more })).toBe(reason);
});

test("photos alone wait for the Wi-Fi that was chosen; what is held by the server is said", () => {
  expect(reasonOf({ records: 0, photos: 2, bytes: 9 }, { ...line, photosWait: true })).toBe("wifi");
  expect(reasonOf({ records: 1, photos: 2, bytes: 9 }, { ...line, photosWait: true })).toBe("soon");
  expect(reasonOf({ records: 0, photos: 0, bytes: 0 }, { ...line, held: true })).toBe("held");
});
