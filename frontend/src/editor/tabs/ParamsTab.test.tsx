// @vitest-environment happy-dom
import { act } from "react";
import { expect, test } from "vitest";
import { drawn, type } from "../../shared/drawn";
import type { Finding } from "../model/findings";
import type { ParamSpec } from "../model/graph";
import { useEditor } from "../store";
import { ParamsTab } from "./ParamsTab";

const doc = () => useEditor.getState().history.present;
const cell = <Kind extends HTMLElement = HTMLInputElement>(place: HTMLElement) =>
  [...place.querySelectorAll("label")].find((one) => one.textContent?.startsWith("Default"))!.querySelector<Kind>(".ed-input")!;

function tab(spec: ParamSpec, value?: unknown): HTMLElement {
  act(() => {
    useEditor.setState({ mayChange: true, hasSpecs: true, problemsByNode: new Map() });
    useEditor.getState().begin({ graph: { nodes: [], edges: [] }, params: value === undefined ? {} : { least: value }, specs: { least: spec } });
  });
  return drawn(<ParamsTab />);
}

test("a number is a number once it is one, and stays as it is typed", () => {
  const place = tab({ type: "number" });
  type(cell(place), "1.");
  expect(cell(place).value).toBe("1.");
  type(cell(place), "1.5");
  expect(doc().params).toEqual({ least: 1.5 });
});

test("a text that looks like a number stays a text", () => {
  const place = tab({ type: "string" });
  type(cell(place), "007");
  expect(doc().params).toEqual({ least: "007" });
  expect(cell(place).value).toBe("007");
});

test("an emptied default is none, and not an empty text", () => {
  const place = tab({ type: "string" }, "a");
  expect(cell(place).value).toBe("a");
  type(cell(place), "");
  expect(doc().params).toEqual({});
  expect(cell(place).placeholder).toBe("None");
});

test("a yes or no is chosen, and may be none", () => {
  const place = tab({ type: "boolean" }, true);
  const choose = (value: string) =>
    act(() => {
      const field = cell<HTMLSelectElement>(place);
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  expect([...cell<HTMLSelectElement>(place).options].map((option) => option.text)).toEqual(["None", "Yes", "No"]);
  choose("false");
  expect(doc().params).toEqual({ least: false });
  choose("");
  expect(doc().params).toEqual({});
});

test("what is wrong with a default is said beside it", () => {
  const place = tab({ type: "integer" }, "many");
  const message = "Not a whole number.";
  const problem: Finding = { node: null, field: "default_params.least", message, listed: message, missing: false, what: "" };
  act(() => useEditor.setState({ problemsByNode: new Map([["", [problem]]]) }));
  expect(cell(place).getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(cell(place).getAttribute("aria-describedby")!)!.textContent).toBe(message);
  expect(place.querySelectorAll(".ed-problem")).toHaveLength(1);
});
