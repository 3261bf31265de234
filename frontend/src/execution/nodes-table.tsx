import { memo, useState } from "react";
import { t } from "../shared/i18n";
import { StatusBadge } from "../shared/status-badge";
import { Elapsed } from "./elapsed";
import { rows, size } from "./format";
import type { Task } from "./state";
import { usePage, useShown } from "./store";

type Key = "place" | "name" | "status" | "duration" | "rows_in" | "rows_out" | "rejected" | "memory";

const VALUES: Record<Exclude<Key, "place">, (task: Task) => string | number> = {
  name: (task) => (task.node_name || task.node_id).toLowerCase(),
  status: (task) => task.status,
  duration: (task) => -(task.duration_seconds ?? -1),
  rows_in: (task) => -(task.rows_in ?? -1),
  rows_out: (task) => -(task.rows_out ?? -1),
  rejected: (task) => -(task.rows_rejected ?? -1),
  memory: (task) => -(task.peak_rss_bytes ?? -1),
};

/** All nodes as a table, in the order in which they run or by one of its columns. */
export function NodesTable() {
  const tasks = useShown((shown) => shown.execution.tasks);
  const [text, setText] = useState("");
  const [key, setKey] = useState<Key>("place");
  const wanted = text.toLowerCase();
  const listed = sorted(tasks.filter((task) => `${task.node_id} ${task.node_name} ${task.module} ${task.status}`.toLowerCase().includes(wanted)), key);

  const heads: [Key, string, boolean][] = [
    ["name", t("Node"), false],
    ["status", t("Status"), false],
    ["duration", t("Duration"), true],
    ["rows_in", t("Rows in"), true],
    ["rows_out", t("Rows out"), true],
    ["rejected", t("Rejected"), true],
    ["memory", t("Memory"), true],
  ];
  return (
    <div className="x-scroll">
      {tasks.length > 8 && (
        <p className="x-table-tools">
          <input type="search" className="x-input" value={text} onChange={(event) => setText(event.target.value)} placeholder={t("Find a node")} aria-label={t("Find a node")} />
        </p>
      )}
      <table className="x-table is-wide">
        <thead>
          <tr>
            {heads.map(([each, word, isNumber]) => (
              <th key={each} scope="col" className={isNumber ? "is-number" : ""} aria-sort={key === each ? (isNumber ? "descending" : "ascending") : "none"}>
                <button type="button" onClick={() => setKey(key === each ? "place" : each)}>
                  {word}
                  {key === each && <span aria-hidden="true"> {isNumber ? "↓" : "↑"}</span>}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {listed.map((task) => (
            <NodeRow key={task.node_id} task={task} />
          ))}
        </tbody>
      </table>
      {listed.length === 0 && <p className="x-empty">{tasks.length ? t("No node is called that.") : t("No nodes are known yet.")}</p>}
    </div>
  );
}

const NodeRow = memo(function NodeRow({ task }: { task: Task }) {
  const { store } = usePage();
  const isOpen = useShown((shown) => shown.node === task.node_id);
  return (
    <tr className={isOpen ? "is-open" : ""}>
      <th scope="row">
        <button type="button" className="x-link" onClick={() => store.open(task.node_id)}>
          {task.node_name || task.node_id}
        </button>
        <small>{task.module}</small>
      </th>
      <td>
        <StatusBadge status={task.status} />
        {task.tries > 1 && <small>{t("try {number} of {most}", { number: task.tries, most: Math.max(task.max_tries, task.tries) })}</small>}
      </td>
      <td className="is-number">
        <Elapsed since={task.started_at} seconds={task.duration_seconds} isRunning={task.status === "running"} />
      </td>
      <td className="is-number">{rows(task.rows_in)}</td>
      <td className="is-number">{rows(task.rows_out)}</td>
      <td className={`is-number${(task.rows_rejected ?? 0) > 0 ? " is-bad" : ""}`}>{rows(task.rows_rejected)}</td>
      <td className="is-number">{size(task.peak_rss_bytes)}</td>
    </tr>
  );
});

function sorted(tasks: Task[], key: Key): Task[] {
  if (key === "place") return tasks;
  const value = VALUES[key];
  return [...tasks].sort((one, other) => (value(one) < value(other) ? -1 : value(one) > value(other) ? 1 : 0));
}
