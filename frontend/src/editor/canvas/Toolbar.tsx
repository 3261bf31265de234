import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { copySelected, duplicateSelected, pasteCopied, removeSelected, tidyUp } from "../commands";
import { useEditor } from "../store";
import { Icon, type IconName } from "./icons";
import { useView } from "./useView";

interface Props {
  full: boolean;
  onFull: () => void;
  onHelp: () => void;
  paletteShown: boolean;
  onPalette: () => void;
}

/** What can be done to the canvas, by mouse; the keys stand in the hints. */
export function Toolbar({ full, onFull, onHelp, paletteShown, onPalette }: Props): ReactNode {
  const canUndo = useEditor((state) => state.history.past.length > 0);
  const canRedo = useEditor((state) => state.history.future.length > 0);
  const some = useEditor((state) => state.selected.size > 0);
  const removable = useEditor((state) => state.selected.size + state.selectedEdges.size > 0);
  const mayChange = useEditor((state) => state.mayChange);
  const { showAll } = useView();
  const { undo, redo } = useEditor.getState();
  return (
    <div className="ed-toolbar" role="toolbar" aria-label={t("Canvas")}>
      <Tool icon="panel" label={t("Modules")} pressed={paletteShown} act={onPalette} />
      <span className="ed-gap" />
      <Tool icon="undo" label={t("Undo (Ctrl+Z)")} disabled={!canUndo} act={undo} />
      <Tool icon="redo" label={t("Redo (Ctrl+Shift+Z)")} disabled={!canRedo} act={redo} />
      <span className="ed-gap" />
      <Tool icon="copy" label={t("Copy (Ctrl+C)")} disabled={!some} act={() => void copySelected()} />
      <Tool icon="paste" label={t("Paste (Ctrl+V)")} disabled={!mayChange} act={() => void pasteCopied()} />
      <Tool icon="duplicate" label={t("Duplicate (Ctrl+D)")} disabled={!some || !mayChange} act={duplicateSelected} />
      <Tool icon="trash" label={t("Remove (Delete)")} disabled={!removable || !mayChange} act={removeSelected} />
      <span className="ed-gap" />
      <Tool icon="tidy" label={t("Tidy up (L)")} disabled={!mayChange} act={tidyUp} />
      <Tool icon="fit" label={t("Show all")} act={showAll} />
      <Tool icon={full ? "small" : "full"} label={t("Full screen (F)")} pressed={full} act={onFull} />
      <Tool icon="help" label={t("Keyboard and mouse (?)")} act={onHelp} />
    </div>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  disabled?: boolean;
  pressed?: boolean;
  act: () => void;
}

function Tool({ icon, label, disabled, pressed, act }: ToolProps): ReactNode {
  return (
    <button
      type="button"
      className="ed-icon-button"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
}
