import { useCallback, useRef, useState } from "react";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import type { Doc } from "../model/graph";
import { forget } from "../model/unsaved";
import { place } from "../model/placing";
import { focusName } from "../page/actions";
import { savedDoc } from "../page/data";
import { formValue, setFormValue } from "../page/form";
import { writeSettings } from "../page/settings";
import { createDraft, deleteDraft, saveDraft, type ChangedAnswer, type Saved } from "../server/calls";
import { isUnsaved, useEditor } from "../store";
import { inTurn } from "./turns";

/** What somebody else saved meanwhile. */
export interface Conflict {
  by: string;
  /** When, as ISO time: what names that state. */
  at: string;
  theirs: Saved | null;
  /** The same as the editor edits it; null where it cannot be drawn. */
  doc: Doc | null;
}

export interface Draft {
  busy: boolean;
  conflict: Conflict | null;
  save: () => void;
  keepMine: () => void;
  takeTheirs: () => void;
  cancel: () => void;
  discard: () => void;
}

/**
 * Saving as a draft: kept by the server, but not deployed. One save waits for the one before it.
 *
 * A page that shows what is deployed tells of the draft beside it, `draftAt`, which can be discarded there.
 */
export function useDraft(seenAtFirst: string | null, draftAt: string | null = null): Draft {
  const seen = useRef(seenAtFirst);
  // A second save knows what the first one has been given as `seen`.
  const [turn] = useState(inTurn);
  const [waiting, setWaiting] = useState(0);
  const [conflict, setConflict] = useState<Conflict | null>(null);

  const see = useCallback((at: string) => {
    seen.current = at;
    setFormValue("seen", at);
  }, []);
  const write = useCallback(async () => {
    const { pipeline, history, brokenText, mayChange, tell } = useEditor.getState();
    if (!mayChange) return;
    if (brokenText) {
      tell(t("The JSON holds a mistake. Correct it before you save."));
      return;
    }
    try {
      if (pipeline === null) await saveNew(history.present);
      else {
        see((await saveDraft(pipeline, history.present, seen.current)).at);
        saved(pipeline, history.present);
        // A reload shows the draft, and not what is deployed.
        window.history.replaceState(null, "", "?draft");
      }
      setConflict(null);
    } catch (error) {
      const found = conflictIn(error, history.present);
      if (found) setConflict(found);
      else tell(messageOf(error));
    }
  }, [see]);
  const save = useCallback(() => {
    useEditor.getState().faceAll();
    setWaiting((count) => count + 1);
    void turn(write).finally(() => setWaiting((count) => count - 1));
  }, [turn, write]);

  return {
    busy: waiting > 0,
    conflict,
    save,
    keepMine: () => {
      if (conflict) see(conflict.at);
      save();
    },
    takeTheirs: () => {
      if (conflict?.theirs && conflict.doc) {
        take(conflict.theirs, conflict.doc);
        see(conflict.at);
      }
      setConflict(null);
    },
    cancel: () => setConflict(null),
    discard: () => void discard(newer(seen.current, draftAt)),
  };
}

/** Show what somebody else saved in place of what is drawn; undo brings that back. */
function take(theirs: Saved, doc: Doc): void {
  const { modules, editDoc, markSaved } = useEditor.getState();
  const placed = { ...doc, graph: place(doc.graph, modules) };
  editDoc(() => placed);
  markSaved(placed);
  writeSettings(theirs);
}

function saved(pipeline: string | null, doc: Doc): void {
  const { markSaved, tell } = useEditor.getState();
  markSaved(doc);
  // What was changed while it was being saved is kept on.
  if (!isUnsaved(useEditor.getState())) forget(localStorage, pipeline);
  tell(t("Saved as a draft. What is deployed runs on as it is."), "good");
}

async function saveNew(doc: Doc): Promise<void> {
  if (formValue("name").trim() === "") {
    useEditor.getState().tell(t("A draft needs a name. Write one into the field Name."));
    focusName();
    return;
  }
  const { id } = await createDraft(doc);
  saved(null, doc);
  // Whoever saves once more before the page is left must not make a second pipeline.
  useEditor.setState({ pipeline: id });
  window.location.assign(`../${id}/change/`);
}

function newer(one: string | null, other: string | null): string | null {
  return Date.parse(other ?? "") > Date.parse(one ?? "") || one === null ? other : one;
}

async function discard(seen: string | null): Promise<void> {
  const { pipeline, tell, history, markSaved, setBrokenText } = useEditor.getState();
  if (pipeline === null) return;
  try {
    await deleteDraft(pipeline, seen);
    forget(localStorage, pipeline);
    // Nothing is lost that anybody wants: the page must not ask.
    markSaved(history.present);
    setBrokenText(null);
    window.location.assign(window.location.pathname);
  } catch (error) {
    tell(messageOf(error));
  }
}

function conflictIn(error: unknown, mine: Doc): Conflict | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null;
  const { draft, pipeline, by, at } = error.answer as ChangedAnswer;
  const theirs = draft ?? pipeline ?? null;
  return { by: by ?? t("Somebody else"), at, theirs, doc: theirs && savedDoc(theirs, mine) };
}

function messageOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  return [error.message, ...error.problems.map((problem) => problem.message)].join(" ");
}
