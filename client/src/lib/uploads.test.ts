import { expect, test } from "vitest";
import { nextChunk } from "./uploads";

const KB = 1024;

test.each([
  ["a line of 16 kB/s and 600 ms takes little", 16, 3300, 16],
  ["and more when that went well", 16, 1650, 48],
  ["a good line takes the largest at once", 32, 60, 256],
  ["one in between gets what it carries in six seconds", 64, 3000, 128],
  ["a line that got worse goes back", 256, 48_000, 32],
])("%s", (_why, size, ms, next) => expect(nextChunk(size * KB, ms)).toBe(next * KB));
