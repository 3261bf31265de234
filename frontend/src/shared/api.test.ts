// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { lang: "en" }, cookie: "" });
const { api, ApiError } = await import("./api");

afterEach(() => vi.unstubAllGlobals());

const answering = (body: string, status: number) => vi.stubGlobal("fetch", async () => new Response(body, { status }));

test("a page that answers in LogiData's place is told in words, not as broken JSON", async () => {
  answering("<html>Bad gateway</html>", 502);
  const error = await api("GET", "modules").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 502, message: expect.stringContaining("Try again") });
});

test("a refusal tells what the server said", async () => {
  answering(JSON.stringify({ detail: "It still runs.", errors: [] }), 409);
  await expect(api("GET", "modules")).rejects.toMatchObject({ status: 409, message: "It still runs." });
});
