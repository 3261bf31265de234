import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { t } from "../shared/i18n";
import { statusClass, statusWord } from "../shared/status";
import { StatusIcon } from "../shared/status-badge";
import { Elapsed } from "./elapsed";
import { counted, duration, shortRows, size } from "./format";
import type { Task } from "./state";
import { usePage, useShown, useTask } from "./store";

export type StepNode = Node<{ name: string; module: string }, "step">;

/** A node in the colour of its state. It is drawn again only when its own task has changed. */
export const NodeBox = memo(function NodeBox({ id, data }: NodeProps<StepNode>) {
  const { store } = usePage();
  const task = useTask(id);
  const isOpen = useShown((shown) => shown.node === id);
  const status = task?.status ?? "pending";
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div
        role="button"
        id={`x-node-${id}`}
        className={`x-node ${statusClass(status)} is-${status}${isOpen ? " is-open" : ""}`}
        tabIndex={-1}
        aria-label={described(data.name, data.module, task)}
        aria-pressed={isOpen}
        onClick={() => store.open(isOpen ? null : id)}
      >
        <span className="x-node-name">
          <StatusIcon status={status} />
          <strong title={data.name}>{data.name}</strong>
        </span>
        <span className="x-node-line">
          <span className="x-node-module">{data.module}</span>
          {task && task.tries > 1 && status !== "pending" && <span className="x-node-tries">{tries(task)}</span>}
          {task && (task.rows_rejected ?? 0) > 0 && <span className="x-node-rejected">{t("{n} rejected", { n: shortRows(task.rows_rejected ?? 0) })}</span>}
        </span>
        <span className="x-node-line x-node-numbers">
          {task && task.tries > 0 && status !== "pending" ? <Numbers task={task} /> : statusWord(status)}
        </span>
        {status === "running" && <span className="x-node-progress" />}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
});

function Numbers({ task }: { task: Task }) {
  return (
    <>
      <span>
        <Elapsed since={task.started_at} seconds={task.duration_seconds} isRunning={task.status === "running"} />
      </span>
      {task.rows_out !== null && <span>{counted(task.rows_out, t("{n} row"), t("{n} rows"), shortRows)}</span>}
      {task.peak_rss_bytes !== null && <span>{size(task.peak_rss_bytes)}</span>}
    </>
  );
}

/** Return "2 of 3" for the second of at most three tries. */
export function tries(task: Task): string {
  return t("try {number} of {most}", { number: task.tries, most: Math.max(task.max_tries, task.tries) });
}

function described(name: string, module: string, task: Task | undefined): string {
  const parts = [name, module, statusWord(task?.status ?? "pending")];
  if (task && task.tries > 1 && task.status !== "pending") parts.push(tries(task));
  if (task && task.status !== "running" && task.duration_seconds !== null) parts.push(duration(task.duration_seconds));
  if (task && task.rows_out !== null) parts.push(counted(task.rows_out, t("{n} row"), t("{n} rows")));
  return parts.join(", ");
}
