import type { ReactNode } from "react";
import { language, t } from "../../shared/i18n";
import { Dialog } from "../Dialog";
import { difference } from "../model/diff";
import { useDoc } from "../store";
import { DifferenceList } from "../tabs/DifferenceList";
import type { Draft } from "./useDraft";

export function momentOf(iso: string | null | undefined): string {
  if (!iso) return "";
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(iso));
}

/** Somebody else saved first: what differs, and what to do about it. */
export function ConflictDialog({ draft }: { draft: Draft }): ReactNode {
  const doc = useDoc();
  const { conflict } = draft;
  if (!conflict) return null;
  const theirs = conflict.doc;
  return (
    <Dialog title={t("Somebody else has saved this pipeline")} onClose={draft.cancel} wide>
      <p>{t("{who} saved it {when}, after you opened it. Nothing of yours is saved yet.", { who: conflict.by, when: momentOf(conflict.at) })}</p>
      <h3>{t("What yours would change in theirs")}</h3>
      {theirs ? (
        <DifferenceList found={difference(theirs, doc)} same={t("Nothing: both are the same.")} />
      ) : (
        <p className="ed-quiet">{t("Theirs cannot be shown here. Open the pipeline in another tab to see it.")}</p>
      )}
      <p className="ed-buttons">
        <button type="button" className="ed-button" onClick={draft.cancel}>
          {t("Cancel")}
        </button>
        <button type="button" className="ed-button" disabled={!theirs} onClick={draft.takeTheirs}>
          {t("Take theirs")}
        </button>
        <button type="button" className="ed-button ed-primary" disabled={draft.busy} onClick={draft.keepMine}>
          {t("Save mine over theirs")}
        </button>
      </p>
    </Dialog>
  );
}
