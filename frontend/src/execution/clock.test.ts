import { expect, test } from "vitest";
import { offsetFrom } from "./clock";

test("the offset is that of the message that was under way the shortest", () => {
  const offsets = [900, 1000, 950].reduce<(number | null)[]>((known, server) => [...known, offsetFrom(known.at(-1) ?? null, server, 0)], []);
  expect(offsets).toEqual([900, 1000, 1000]);
});

test("a clock that was set is followed", () => {
  expect(offsetFrom(1000, -60_000, 0)).toBe(-60_000);
});

test("a time that cannot be read changes nothing", () => {
  expect(offsetFrom(5, NaN, 0)).toBe(5);
  expect(offsetFrom(null, NaN, 0)).toBeNull();
});
