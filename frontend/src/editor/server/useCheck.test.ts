// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { lang: "en" }, cookie: "", querySelector: () => null });
vi.useFakeTimers();

const { watchDoc } = await import("./useCheck");
const { useEditor } = await import("../store");

test("of two changes only the newer is checked, and of two checks only the newer answer counts", async () => {
  const answers: ((message: string) => void)[] = [];
  const fetched = vi.fn(
    (_: string, { signal }: RequestInit) =>
      new Promise((answer, fail) => {
        signal?.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
        answers.push((message) =>
          answer(
            new Response(
              JSON.stringify({ valid: false, errors: [{ node: "a", field: null, message }], columns: {}, complete: true }),
            ),
          ),
        );
      }),
  );
  vi.stubGlobal("fetch", fetched);
  const doc = useEditor.getState().history.present;

  watchDoc(null, doc)();
  const stop = watchDoc(null, doc);
  await vi.advanceTimersByTimeAsync(299);
  expect(fetched).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(fetched).toHaveBeenCalledTimes(1);

  stop();
  watchDoc(null, doc);
  await vi.advanceTimersByTimeAsync(300);
  answers[1]!("new");
  answers[0]!("old");
  await vi.advanceTimersByTimeAsync(1);
  expect(useEditor.getState().problems.map((problem) => problem.message)).toEqual(["new"]);
});

test("a check that LogiData could not answer is made again, and a refused one is not", async () => {
  vi.clearAllTimers();
  const ok = () => new Response(JSON.stringify({ valid: true, errors: [], columns: {}, complete: true }));
  const down = () => new Response("bad gateway", { status: 502 });
  const fetched = vi.fn().mockImplementationOnce(async () => down()).mockImplementation(async () => ok());
  vi.stubGlobal("fetch", fetched);
  const stop = watchDoc(null, useEditor.getState().history.present);
  await vi.advanceTimersByTimeAsync(300);
  expect(useEditor.getState().checking).toBe("failed");
  await vi.advanceTimersByTimeAsync(5000);
  expect(useEditor.getState().checking).toBe("done");
  stop();

  const refused = vi.fn(async () => new Response(JSON.stringify({ detail: "No." }), { status: 403 }));
  vi.stubGlobal("fetch", refused);
  watchDoc(null, useEditor.getState().history.present);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(refused).toHaveBeenCalledTimes(1);
});
