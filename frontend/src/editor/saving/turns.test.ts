// @vitest-environment node
import { expect, test } from "vitest";
import { inTurn } from "./turns";

test("the second work begins when the first has ended, even where that has failed", async () => {
  const said: string[] = [];
  let fail: (reason: Error) => void = () => undefined;
  const turn = inTurn();
  const first = turn(() => {
    said.push("first begins");
    return new Promise((_, refuse) => (fail = refuse));
  });
  const second = turn(async () => void said.push("second begins"));
  await Promise.resolve();
  expect(said).toEqual(["first begins"]);
  fail(new Error("refused"));
  await expect(first).rejects.toThrow("refused");
  await second;
  expect(said).toEqual(["first begins", "second begins"]);
});
