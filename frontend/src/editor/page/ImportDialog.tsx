import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Dialog } from "../Dialog";
import { difference } from "../model/diff";
import { replacements, type Replacement } from "../model/transfer";
import { useDoc } from "../store";
import { CHANGED, DifferenceList, Value } from "../tabs/DifferenceList";
import { heldSetting } from "./settings";
import type { Import } from "./useImport";

const CALLED: Record<string, string> = {
  description: t("Description"),
  is_active: t("Active"),
  schedule: t("Schedule"),
  timezone: t("Time zone"),
  timeout: t("Timeout"),
  tags: t("Tags"),
};

/** What a file would replace of a stored pipeline, and whether it may. */
export function ImportDialog({ asked, accept, cancel }: Import): ReactNode {
  const doc = useDoc();
  if (!asked) return null;
  const replaced = replacements(asked.settings, heldSetting);
  return (
    <Dialog title={t("Import {file}?", { file: asked.file })} onClose={cancel} wide>
      <p>{t("It takes the place of what is drawn here, which undo brings back. Nothing is saved yet, and the pipeline keeps its name.")}</p>
      <h3>{t("What it changes in the graph")}</h3>
      <DifferenceList found={difference(doc, asked.doc)} same={t("Nothing: both are the same.")} />
      {replaced.length > 0 && <Settings replaced={replaced} />}
      <p className="ed-buttons">
        <button type="button" className="ed-button" onClick={cancel}>
          {t("Cancel")}
        </button>
        <button type="button" className="ed-button ed-primary" onClick={accept}>
          {t("Import")}
        </button>
      </p>
    </Dialog>
  );
}

function Settings({ replaced }: { replaced: Replacement[] }): ReactNode {
  return (
    <>
      <h3>{t("What it changes in the settings, which undo does not bring back")}</h3>
      <ul className="ed-difference">
        {replaced.map(({ name, from, to }) => (
          <li key={name} className="ed-diff-changed">
            <span className="ed-diff-kind">{CHANGED}</span>
            <span>
              <strong>{CALLED[name] ?? name}</strong>
              <Value value={said(from)} kind="removed" />
              <Value value={said(to)} kind="added" />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Return a setting as people read it; undefined where it is empty. */
function said(value: string): string | undefined {
  if (value === "") return undefined;
  return { true: t("Yes"), false: t("No") }[value] ?? value;
}
