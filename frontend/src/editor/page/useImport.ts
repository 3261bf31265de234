import { useState } from "react";
import { t } from "../../shared/i18n";
import { place } from "../model/placing";
import { imported, settingsToTake, type Imported } from "../model/transfer";
import { useEditor } from "../store";
import { chooseFile } from "./files";
import { heldSetting, writeSettings } from "./settings";

/** What a file holds that the page takes, and the file's name. */
export interface Incoming extends Imported {
  file: string;
}

export interface Import {
  /** What would take the place of a stored pipeline, which nobody has agreed to yet. */
  asked: Incoming | null;
  choose: () => void;
  accept: () => void;
  cancel: () => void;
}

/** Importing a file: at once into a new pipeline, and after a question into a stored one. */
export function useImport(): Import {
  const [asked, setAsked] = useState<Incoming | null>(null);
  const read = async (file: File) => {
    const found = await incoming(file);
    if (!found) return;
    if (useEditor.getState().pipeline === null) take(found);
    else setAsked(found);
  };
  return {
    asked,
    choose: () => chooseFile((file) => void read(file)),
    accept: () => {
      if (asked) take(asked);
      setAsked(null);
    },
    cancel: () => setAsked(null),
  };
}

/** Return what a file holds; null, and say why, where that is no pipeline. */
async function incoming(file: File): Promise<Incoming | null> {
  // A file that was moved away meanwhile cannot be read, and holds nothing.
  const text = await file.text().catch(() => "");
  const { history, pipeline, tell } = useEditor.getState();
  const found = imported(text, history.present);
  if (found) return { file: file.name, doc: found.doc, settings: settingsToTake(found.settings, pipeline !== null, heldSetting) };
  tell(t("{file} holds no pipeline. Choose a file that was exported here, or a graph as JSON.", { file: file.name }));
  return null;
}

/** Put what a file holds in place of what is drawn. Undo brings that back, but no settings. */
function take({ file, doc, settings }: Incoming): void {
  const { modules, editDoc, tell } = useEditor.getState();
  editDoc(() => ({ ...doc, graph: place(doc.graph, modules) }));
  writeSettings(settings);
  tell(t("Imported from {file}. Nothing is saved yet.", { file }), "good");
}
