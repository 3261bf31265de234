import { expect, test } from "vitest";
import { isFollowingAt } from "./following";

const frame = { scrollHeight: 1000, clientHeight: 200 };

test("a log that grows below its reader is still followed", () => {
  expect(isFollowingAt(true, 0, { ...frame, scrollTop: 0 })).toBe(true);
  expect(isFollowingAt(true, 300, { ...frame, scrollTop: 300 })).toBe(true);
});

test("who scrolls up is left where the reading is", () => {
  expect(isFollowingAt(true, 800, { ...frame, scrollTop: 600 })).toBe(false);
  expect(isFollowingAt(false, 500, { ...frame, scrollTop: 600 })).toBe(false);
});

test("at the end it is followed again", () => {
  expect(isFollowingAt(false, 600, { ...frame, scrollTop: 790 })).toBe(true);
});
