// @vitest-environment happy-dom
import { act, type ReactNode } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { button, drawn, press } from "../../shared/drawn";
import { useEditor } from "../store";
import { chooseFile } from "./files";
import { ImportDialog } from "./ImportDialog";
import { useImport } from "./useImport";

vi.mock("./files", () => ({ chooseFile: vi.fn() }));

const HELD = { graph: { nodes: [{ id: "mine", module: "extract.csv" }], edges: [] }, params: {}, specs: {} };
const THEIRS = { nodes: [{ id: "theirs", module: "extract.csv" }], edges: [] };
const ids = () => useEditor.getState().history.present.graph.nodes.map((node) => node.id);
const field = (name: string) => document.querySelector<HTMLInputElement>(`#id_${name}`)!;
const dialog = () => document.querySelector<HTMLDialogElement>("dialog");

function Importing(): ReactNode {
  const importing = useImport();
  return (
    <>
      <button type="button" onClick={importing.choose}>
        Choose
      </button>
      <ImportDialog {...importing} />
    </>
  );
}

async function choose(pipeline: string | null, file: Record<string, unknown>): Promise<void> {
  vi.mocked(chooseFile).mockImplementation((onChosen) => onChosen(new File([JSON.stringify(file)], "theirs.json")));
  act(() => useEditor.setState({ pipeline, mayChange: true, notice: null }));
  drawn(
    <Importing />,
    '<input id="id_name" value="Mine"><input id="id_schedule" value="@daily"><input id="id_is_active" type="checkbox" checked>',
  );
  press(button("Choose"));
  await act(() => new Promise((done) => setTimeout(done)));
}

beforeEach(() => {
  act(() => useEditor.getState().begin(HELD));
});

test("a stored pipeline is replaced only by who has read what is replaced", async () => {
  await choose("p", { name: "Theirs", schedule: "@hourly", is_active: false, config: THEIRS });
  expect(dialog()!.open).toBe(true);
  const title = document.getElementById(dialog()!.getAttribute("aria-labelledby")!)!;
  expect(title.textContent).toBe("Import theirs.json?");
  const changes = [...dialog()!.querySelectorAll(".ed-difference > li")].map((item) => item.textContent);
  expect(changes).toEqual([
    "Addedtheirs theirs · extract.csv",
    "Removedmine mine · extract.csv",
    "ChangedActiveYesNo",
    "ChangedSchedule@daily@hourly",
  ]);
  expect(ids()).toEqual(["mine"]);
  press(button("Import"));
  expect(dialog()).toBeNull();
  expect(ids()).toEqual(["theirs"]);
  expect([field("name").value, field("schedule").value, field("is_active").checked]).toEqual(["Mine", "@hourly", false]);
  act(() => useEditor.getState().undo());
  expect(ids()).toEqual(["mine"]);
});

test("nothing changes when the question is not answered with yes", async () => {
  const file = { schedule: "@hourly", config: THEIRS };
  await choose("p", file);
  press(button("Cancel"));
  expect(dialog()).toBeNull();
  await choose("p", file);
  act(() => void dialog()!.dispatchEvent(new Event("cancel")));
  expect(dialog()).toBeNull();
  expect([ids(), field("schedule").value]).toEqual([["mine"], "@daily"]);
});

test("a new pipeline takes a file at once, and is not active if the file says so", async () => {
  await choose(null, { name: "Theirs", is_active: false, config: THEIRS });
  expect(dialog()).toBeNull();
  expect(ids()).toEqual(["theirs"]);
  expect(field("is_active").checked).toBe(false);
});

test("a file that holds no pipeline is told, and changes nothing", async () => {
  await choose("p", { a: 1 });
  expect(dialog()).toBeNull();
  expect(useEditor.getState().notice?.text).toContain("theirs.json holds no pipeline");
  expect(ids()).toEqual(["mine"]);
});
