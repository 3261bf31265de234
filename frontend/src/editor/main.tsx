import "@xyflow/react/dist/style.css";
import "./editor.css";
import "./form.css";
import { ApiError } from "../shared/api";
import { t } from "../shared/i18n";
import { mount } from "../shared/mount";
import { Editor } from "./Editor";
import { carried } from "./model/carried";
import { findNode } from "./model/graph";
import { place } from "./model/placing";
import { editorData, openedDoc } from "./page/data";
import { getModules } from "./server/calls";
import { useEditor } from "./store";

const PLACE = "console-editor";

/** Hide the fields of the page that the editor draws; they are still sent, and their errors stand above. */
function hideFields(): void {
  for (const name of ["config", "default_params", "param_specs"]) {
    const field = document.getElementById(`id_${name}`);
    const row = field?.closest<HTMLElement>(".form-row, .field-row, [data-field-row]") ?? field;
    if (row) row.hidden = true;
  }
}

/** Open the form of the node that the address names, as `?node=read_orders`. */
function openNamed(): void {
  const { history, select, open } = useEditor.getState();
  const named = findNode(history.present.graph, new URLSearchParams(window.location.search).get("node"));
  if (!named) return;
  select([named.id]);
  open(named.id);
}

/** Go on where the form was sent that came back with problems: none of it is saved. */
function goOn(refused: HTMLElement): void {
  const { pipeline, history, faceAll } = useEditor.getState();
  const { present } = history;
  useEditor.setState({ history: carried(sessionStorage, pipeline, present) ?? history, saved: { ...present } });
  // Somebody wanted to have all of it.
  faceAll();
  refused.focus();
}

async function start(): Promise<void> {
  const data = editorData();
  const { setModules, begin, show, setBrokenText } = useEditor.getState();
  setModules(await getModules());
  const opened = openedDoc(data);
  useEditor.setState({
    pipeline: data.pipeline_id,
    mayChange: data.may_change,
    hasSpecs: data.param_specs !== undefined && data.param_specs !== null,
  });
  begin({ ...opened.doc, graph: place(opened.doc.graph, useEditor.getState().modules) });
  openNamed();
  const refused = document.getElementById("form-problems");
  if (refused) goOn(refused);
  if (opened.unreadable) {
    setBrokenText(opened.unreadable);
    show("json");
  }
  hideFields();
  mount(PLACE, <Editor data={data} />);
}

start().catch((error: unknown) => {
  const reason = error instanceof ApiError ? error.message : String(error);
  mount(
    PLACE,
    <p className="errornote">
      {t("The canvas could not be opened: {reason} Reload the page, or edit the graph as JSON below.", { reason })}
    </p>,
  );
});
