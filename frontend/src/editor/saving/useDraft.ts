import { useCallback, useState } from "react";
import { ApiError } from "../../shared/api";
import { t } from "../../shared/i18n";
import type { Doc } from "../model/graph";
import { forget } from "../model/unsaved";
import { draftDoc, type DraftData } from "../page/data";
import { formValue, setFormValue } from "../page/form";
import { createDraft, deleteDraft, saveDraft } from "../server/calls";
import { useEditor } from "../store";

/** What somebody else saved meanwhile. */
export interface Conflict {
  by: string;
  at: string;
  /** When that was saved, to save over it knowingly. */
  seen: string | null;
  theirs: Doc | null;
}

interface ChangedAnswer {
  by?: string | null;
  at?: string | null;
  seen?: string | null;
  draft?: DraftData | null;
  config?: unknown;
  default_params?: Record<string, unknown>;
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

/** Saving as a draft: kept by the server, but not deployed. */
export function useDraft(seenAtFirst: string | null): Draft {
  const [seen, setSeen] = useState(seenAtFirst);
  const [busy, setBusy] = useState(false);
  const [conflict, setConflict] = useState<Conflict | null>(null);

  const write = useCallback(async (over: string | null) => {
    const { pipeline, history, brokenText, tell } = useEditor.getState();
    if (brokenText) {
      tell(t("The JSON holds a mistake. Correct it before you save."));
      return;
    }
    setBusy(true);
    try {
      if (pipeline === null) await saveNew(history.present);
      else {
        const answer = await saveDraft(pipeline, history.present, over);
        setSeen(answer.seen);
        setFormValue("seen", answer.seen);
        saved(pipeline, history.present);
      }
      setConflict(null);
    } catch (error) {
      const found = conflictIn(error, history.present);
      if (found) setConflict(found);
      else tell(messageOf(error));
    } finally {
      setBusy(false);
    }
  }, []);

  return {
    busy,
    conflict,
    save: useCallback(() => void write(seen), [write, seen]),
    keepMine: () => void write(conflict?.seen ?? null),
    takeTheirs: () => {
      const theirs = conflict?.theirs;
      if (theirs) {
        useEditor.getState().editDoc(() => theirs);
        useEditor.getState().markSaved(theirs);
      }
      if (conflict) {
        setSeen(conflict.seen);
        setFormValue("seen", conflict.seen ?? "");
      }
      setConflict(null);
    },
    cancel: () => setConflict(null),
    discard: () => void discard(),
  };
}

function saved(pipeline: string | null, doc: Doc): void {
  const { markSaved, tell } = useEditor.getState();
  markSaved(doc);
  forget(localStorage, pipeline);
  tell(t("Saved as a draft. What is deployed runs on as it is."), "good");
}

async function saveNew(doc: Doc): Promise<void> {
  const name = formValue("name").trim();
  if (name === "") {
    useEditor.getState().tell(t("A draft needs a name. Write one into the field Name below."));
    document.getElementById("id_name")?.focus();
    return;
  }
  const { id } = await createDraft(name, doc);
  saved(null, doc);
  window.location.assign(`../${id}/change/`);
}

async function discard(): Promise<void> {
  const { pipeline, tell, history, markSaved } = useEditor.getState();
  if (pipeline === null) return;
  try {
    await deleteDraft(pipeline);
    forget(localStorage, pipeline);
    // Nothing is lost that anybody wants: the page must not ask.
    markSaved(history.present);
    window.location.reload();
  } catch (error) {
    tell(messageOf(error));
  }
}

function conflictIn(error: unknown, mine: Doc): Conflict | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null;
  const answer = (error.answer ?? {}) as ChangedAnswer;
  const draft = answer.draft ?? (answer.config === undefined ? null : (answer as DraftData));
  return {
    by: answer.by ?? draft?.by ?? t("Somebody else"),
    at: answer.at ?? draft?.at ?? "",
    seen: answer.seen ?? draft?.seen ?? answer.at ?? null,
    theirs: draft ? draftDoc(draft, mine) : null,
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  return [error.message, ...error.problems.map((problem) => problem.message)].join(" ");
}
