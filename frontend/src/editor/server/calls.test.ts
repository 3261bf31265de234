// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { lang: "en" }, cookie: "", querySelector: () => null });

const { createdSince } = await import("./calls");

test("a pipeline of a name counts as made from what was sent if it was made after that", async () => {
  const answer = { results: [{ created_at: "2024-05-01T06:00:01Z" }] };
  const fetched = vi.fn(async (_: string) => new Response(JSON.stringify(answer)));
  vi.stubGlobal("fetch", fetched);
  expect(await createdSince("Orders & more", "2024-05-01T06:00:00Z")).toBe(true);
  expect(await createdSince("Orders & more", "2024-05-01T06:00:02Z")).toBe(false);
  expect(fetched.mock.calls[0]![0]).toContain("name=Orders+%26+more");
});
