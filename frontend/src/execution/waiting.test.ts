// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("document", { documentElement: { lang: "en" } }));

import { type Components, whyItWaits } from "./waiting";

const well = { status: "ok", detail: "" };
const all: Components = { database: well, redis: well, worker: well, airflow: well, beat: well };
const down = (detail: string) => ({ status: "down", detail });
const fresh = { status_reason: "", triggered_at: null };

test("a worker that does not answer is the reason of an execution without one", () => {
  expect(whyItWaits(fresh, { ...all, worker: down("No worker answers.") })).toBe("Waits: No worker answers. It goes on by itself then.");
});

test("without Redis nobody else answers, and only Redis is named", () => {
  const found = { ...all, redis: down("Redis is away."), worker: down("No worker answers."), beat: down("No beat.") };
  expect(whyItWaits(fresh, found)).toContain("Redis is away.");
  expect(whyItWaits(fresh, found)).not.toContain("worker");
});

test("what the worker has said stays true only while there is one", () => {
  const told = { status_reason: "Airflow is registering revision 3.", triggered_at: null };
  expect(whyItWaits(told, all)).toBe("");
  expect(whyItWaits(told, { ...all, worker: down("No worker answers.") })).toContain("No worker answers.");
});

test("an Airflow that is away is not told twice", () => {
  const found = { ...all, airflow: down("Airflow is away.") };
  expect(whyItWaits(fresh, found)).toContain("Airflow is away.");
  expect(whyItWaits({ ...fresh, status_reason: "Airflow cannot be reached." }, found)).toBe("");
});

test("where all is well it is said who has the execution", () => {
  expect(whyItWaits(fresh, all)).toContain("in the queue");
  expect(whyItWaits({ ...fresh, triggered_at: "2026-11-28T12:00:00Z" }, all)).toContain("in Airflow");
});

test("what executions can do without is no reason", () => {
  expect(whyItWaits(fresh, { ...all, previews: down("No previews."), airflow: { status: "degraded", detail: "Triggerer." } })).toContain("in the queue");
});
