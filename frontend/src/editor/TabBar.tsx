import type { KeyboardEvent, ReactNode } from "react";
import { t } from "../shared/i18n";
import { useEditor, type Tab } from "./store";

const TABS: [tab: Tab, label: string][] = [
  ["canvas", t("Canvas")],
  ["params", t("Parameters")],
  ["json", t("JSON")],
  ["code", t("DAG code")],
  ["changes", t("Changes")],
];

export const panelId = (tab: Tab): string => `ed-panel-${tab}`;

/** Put the keyboard on the tab that is shown. */
export function focusTab(): void {
  document.getElementById(`ed-tab-${useEditor.getState().tab}`)?.focus();
}

/** What to look at; arrow keys go from one to the next. Code is made of what somebody may change. */
export function TabBar(): ReactNode {
  const tab = useEditor((state) => state.tab);
  const mayChange = useEditor((state) => state.mayChange);
  const tabs = TABS.filter(([key]) => mayChange || key !== "code");
  const { show } = useEditor.getState();
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const at = tabs.findIndex(([key]) => key === tab);
    const [next] = tabs[(at + by + tabs.length) % tabs.length]!;
    show(next);
    focusTab();
  };
  return (
    <div className="ed-tabs" role="tablist" aria-label={t("Views of the pipeline")} onKeyDown={onKeyDown}>
      {tabs.map(([key, label]) => (
        <button
          key={key}
          id={`ed-tab-${key}`}
          type="button"
          role="tab"
          aria-selected={tab === key}
          aria-controls={panelId(key)}
          tabIndex={tab === key ? 0 : -1}
          onClick={() => show(key)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
