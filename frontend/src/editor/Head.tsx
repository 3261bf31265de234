import { useState, type ReactNode } from "react";
import { t } from "../shared/i18n";
import { ProblemList } from "./canvas/ProblemList";
import { COVERED_NAME, executeAddress, saveAndDeploy } from "./page/actions";
import { exportFile } from "./page/files";
import { formValue, setFormValue } from "./page/form";
import { Popup } from "./Popup";
import type { Draft } from "./saving/useDraft";
import { isUnsaved, useEditor } from "./store";
import { TabBar } from "./TabBar";

interface Props {
  draft: Draft;
  /** Whether there is a draft beside what is deployed, which can be discarded. */
  hasDraft: boolean;
  /** Whether the editor covers the page, its buttons and its fields. */
  full: boolean;
  onTemplates: () => void;
  onImport: () => void;
  onDiscard: () => void;
}

/** The line above the canvas: what to look at, how it stands, and what to do with the whole. */
export function Head({ draft, hasDraft, full, onTemplates, onImport, onDiscard }: Props): ReactNode {
  const mayChange = useEditor((state) => state.mayChange);
  const unsaved = useEditor(isUnsaved);
  const execute = executeAddress();
  return (
    <div className="ed-head">
      {full && mayChange && <NameOfPipeline />}
      <TabBar />
      <ProblemList />
      <span className="ed-spring" />
      {unsaved && <span className="ed-state">{t("Not saved")}</span>}
      <FileMenu hasDraft={hasDraft} onTemplates={onTemplates} onImport={onImport} onDiscard={onDiscard} />
      {mayChange && (
        <button type="button" className={`ed-button${full ? "" : " ed-primary"}`} disabled={draft.busy} title="Ctrl+S" onClick={draft.save}>
          {t("Save as draft")}
        </button>
      )}
      {full && mayChange && (
        <button type="button" className="ed-button ed-primary" onClick={saveAndDeploy}>
          {t("Save and deploy")}
        </button>
      )}
      {full && execute !== null && (
        <a className="ed-button" href={execute}>
          {t("Execute")}
        </a>
      )}
    </div>
  );
}

/** The name, which a draft needs, while the page's own field is covered. */
function NameOfPipeline(): ReactNode {
  const [name, setName] = useState(() => formValue("name"));
  return (
    <input
      id={COVERED_NAME}
      className="ed-input ed-name"
      type="text"
      aria-label={t("Name")}
      placeholder={t("Name")}
      maxLength={200}
      autoComplete="off"
      value={name}
      onChange={({ target }) => {
        setName(target.value);
        setFormValue("name", target.value);
      }}
    />
  );
}

function FileMenu({ hasDraft, onTemplates, onImport, onDiscard }: Omit<Props, "draft" | "full">): ReactNode {
  const mayChange = useEditor((state) => state.mayChange);
  const items: [label: string, act: () => void, shown: boolean][] = [
    [t("Start from a template…"), onTemplates, mayChange],
    [t("Import from a file…"), onImport, mayChange],
    [t("Export as a file"), exportFile, true],
    [t("Discard the draft…"), onDiscard, mayChange && hasDraft],
  ];
  return (
    <Popup
      button={
        <>
          {t("File")} <span aria-hidden="true">▾</span>
        </>
      }
      right
    >
      {(close) =>
        items.map(
          ([label, act, shown]) =>
            shown && (
              <button
                key={label}
                type="button"
                className="ed-menu-item"
                onClick={() => {
                  close();
                  act();
                }}
              >
                {label}
              </button>
            ),
        )
      }
    </Popup>
  );
}
