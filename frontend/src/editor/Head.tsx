import { useRef, type ReactNode } from "react";
import { t } from "../shared/i18n";
import { ProblemList } from "./canvas/ProblemList";
import { exportFile, importFile } from "./page/files";
import type { Draft } from "./saving/useDraft";
import { isUnsaved, useEditor } from "./store";
import { TabBar } from "./TabBar";

interface Props {
  draft: Draft;
  /** Whether there is a draft beside what is deployed, which can be discarded. */
  hasDraft: boolean;
  onTemplates: () => void;
}

/** The line above the canvas: what to look at, how it stands, and what to do with the whole. */
export function Head({ draft, hasDraft, onTemplates }: Props): ReactNode {
  const mayChange = useEditor((state) => state.mayChange);
  const unsaved = useEditor(isUnsaved);
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <div className="ed-head">
      <TabBar />
      <ProblemList />
      <span className="ed-spring" />
      {unsaved && <span className="ed-state">{t("Not saved")}</span>}
      {mayChange && (
        <button type="button" className="ed-button" onClick={onTemplates}>
          {t("Templates")}
        </button>
      )}
      {mayChange && (
        <button type="button" className="ed-button" onClick={() => chooser.current?.click()}>
          {t("Import")}
        </button>
      )}
      <button type="button" className="ed-button" onClick={exportFile}>
        {t("Export")}
      </button>
      {mayChange && hasDraft && (
        <button type="button" className="ed-button" onClick={draft.discard}>
          {t("Discard the draft")}
        </button>
      )}
      {mayChange && (
        <button type="button" className="ed-button ed-primary" disabled={draft.busy} title="Ctrl+S" onClick={draft.save}>
          {t("Save as draft")}
        </button>
      )}
      <input
        ref={chooser}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label={t("File to import")}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file) void importFile(file);
          event.target.value = "";
        }}
      />
    </div>
  );
}
