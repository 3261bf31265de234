import { type Edge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { shortRows } from "./format";
import type { Task } from "./state";
import { useTask } from "./store";

export type FlowEdgeType = Edge<{ port: string | null; output: string | null }, "flow">;

/** What flows from one node to the next, with how many rows it was. */
export const FlowEdge = memo(function FlowEdge(props: EdgeProps<FlowEdgeType>) {
  const source = useTask(props.source);
  const target = useTask(props.target);
  const [path, x, y] = getBezierPath(props);
  const { port = null, output = null } = props.data ?? {};
  const count = source ? rowsOf(source, output) : null;
  const label = [output, port, count === null ? null : shortRows(count)].filter((part) => part !== null).join(" · ");
  return (
    <>
      <path id={props.id} className={`react-flow__edge-path x-edge is-${pace(source, target)}`} d={path} fill="none" />
      {label && (
        <text className="x-edge-label" x={x} y={y - 7} textAnchor="middle">
          {label}
        </text>
      )}
    </>
  );
});

/** Return how many rows go along the edge: those of the output that it names, or all. */
export function rowsOf(source: Task, output: string | null): number | null {
  if (source.status !== "success") return null;
  if (output !== null) return source.outputs?.[output] ?? null;
  return source.rows_out;
}

function pace(source: Task | undefined, target: Task | undefined): "moving" | "done" | "waiting" {
  if (target?.status === "running") return "moving";
  return source?.status === "success" ? "done" : "waiting";
}
