import { t } from "../../shared/i18n";
import { exported, fileName, imported, replacements, settingsToTake } from "../model/transfer";
import { place } from "../model/placing";
import { useEditor } from "../store";
import { formValue } from "./form";
import { pageSettings, writeSettings } from "./settings";

/** Save what is drawn, with the page's other fields, as a file. */
export function exportFile(): void {
  const name = formValue("name");
  const text = exported(useEditor.getState().history.present, pageSettings());
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(name);
  link.click();
  URL.revokeObjectURL(address);
}

/** Have a file chosen, and import it. */
export function chooseFile(): void {
  // Not a part of the page: the admin's own scripts take every file field there for theirs.
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.accept = ".json,application/json";
  chooser.addEventListener("change", () => {
    const [file] = chooser.files ?? [];
    if (file) void importFile(file);
  });
  chooser.click();
}

/** Put what a file holds in place of what is drawn. Undo brings that back. */
async function importFile(file: File): Promise<void> {
  // A file that was moved away meanwhile cannot be read, and holds nothing.
  const text = await file.text().catch(() => "");
  const { history, modules, pipeline, editDoc, tell } = useEditor.getState();
  const found = imported(text, history.present);
  if (!found) {
    tell(t("{file} holds no pipeline. Choose a file that was exported here, or a graph as JSON.", { file: file.name }));
    return;
  }
  const taken = settingsToTake(found.settings, pipeline !== null, formValue);
  if (pipeline !== null && !mayReplace(file.name, replacements(taken, formValue))) return;
  editDoc(() => ({ ...found.doc, graph: place(found.doc.graph, modules) }));
  writeSettings(taken);
  tell(t("Imported from {file}. Nothing is saved yet.", { file: file.name }), "good");
}

const CALLED: Record<string, () => string> = {
  description: () => t("Description"),
  schedule: () => t("Schedule"),
  timezone: () => t("Time zone"),
  timeout: () => t("Timeout"),
  tags: () => t("Tags"),
};

/** Return whether somebody agrees to other settings, which undo does not bring back. */
function mayReplace(file: string, changes: [string, string, string][]): boolean {
  if (changes.length === 0) return true;
  const lines = changes.map(([name, from, to]) => `${CALLED[name]?.() ?? name}: ${from || "–"} → ${to || "–"}`);
  const asked = t("{file} has other settings. Import them with the graph? Nothing is saved yet; the name stays.", { file });
  return window.confirm([asked, "", ...lines].join("\n"));
}
