import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { t } from "../shared/i18n";
import { StatusBadge } from "../shared/status-badge";
import { RetryDialog } from "./actions";
import { shortRows } from "./format";
import { focusNode } from "./graph-view";
import { LogView } from "./log-view";
import { NodeData } from "./node-data";
import { NodeOverview } from "./node-overview";
import { NodeRejected } from "./node-rejected";
import type { Task } from "./state";
import { type PanelTab, usePage, useShown, useTask } from "./store";
import { type Tab, Tabs } from "./tabs";

/** All that is known of one node. */
export function NodePanel({ id }: { id: string }) {
  const { store } = usePage();
  const task = useTask(id);
  const chosen = useShown((shown) => shown.tab);
  const mayRetry = useShown((shown) => shown.execution.actions.retry);
  const [isWide, setWide] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const title = useRef<HTMLHeadingElement>(null);

  useEffect(() => title.current?.focus({ preventScroll: true }), [id]);

  function close() {
    store.open(null);
    focusNode(id);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Escape" || event.defaultPrevented || isAsking) return;
    event.stopPropagation();
    close();
  }

  if (task === undefined) {
    return (
      <aside className="x-panel" aria-label={id} onKeyDown={onKeyDown}>
        <p className="x-empty">{t("Nothing is known of this node yet.")}</p>
      </aside>
    );
  }
  const tabs = tabsOf(task);
  const tab = tabs.some(({ key }) => key === chosen) ? chosen : "overview";
  const retry = mayRetry && (
    <button type="button" className="x-button is-small" onClick={() => setAsking(true)}>
      {t("Retry from here")}
    </button>
  );
  return (
    <aside className={`x-panel${isWide ? " is-wide" : ""}`} aria-labelledby="x-panel-title" onKeyDown={onKeyDown}>
      <header className="x-panel-head">
        <StatusBadge status={task.status} />
        <h2 id="x-panel-title" ref={title} tabIndex={-1} title={task.node_id}>
          {task.node_name || task.node_id}
        </h2>
        <span className="x-spacer" />
        <button type="button" className="x-icon-button" aria-pressed={isWide} onClick={() => setWide(!isWide)} title={t("Wide")} aria-label={t("Wide")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d={isWide ? "M3 8h10M7 4L3 8l4 4M13 3v10" : "M2 8h12M5 5L2 8l3 3M11 5l3 3-3 3"} />
          </svg>
        </button>
        <button type="button" className="x-icon-button" onClick={close} title={t("Close")} aria-label={t("Close")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4 4l8 8M12 4l-8 8" />
          </svg>
        </button>
      </header>
      <Tabs<PanelTab> label={t("Node")} tabs={tabs} chosen={tab} onChoose={(key) => store.open(id, key)} end={retry}>
        {tab === "overview" && <NodeOverview task={task} />}
        {tab === "log" && <LogView key={id} task={task} />}
        {tab === "data" && <NodeData key={id} task={task} />}
        {tab === "rejected" && <NodeRejected key={id} task={task} />}
      </Tabs>
      {isAsking && <RetryDialog nodes={[id]} onClose={() => setAsking(false)} />}
    </aside>
  );
}

function tabsOf(task: Task): Tab<PanelTab>[] {
  const rejected = task.rows_rejected ?? 0;
  return [
    { key: "overview", label: t("Overview") },
    { key: "log", label: t("Log") },
    ...(task.has_sample ? [{ key: "data" as const, label: t("Data") }] : []),
    ...(task.has_rejected || rejected > 0
      ? [{ key: "rejected" as const, label: <>{t("Rejected")} <span className="x-count">{shortRows(rejected)}</span></> }]
      : []),
  ];
}
