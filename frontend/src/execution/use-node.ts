import { type Answer, useAnswer } from "./answer";
import { type NodeDetail, Requests } from "./requests";
import type { Task } from "./state";
import { usePage } from "./store";

/** Return the node in full, asked for anew when it has another status, try or end. */
export function useNode(task: Task): Answer<NodeDetail> {
  const { data } = usePage();
  const key = [task.node_id, task.status, task.tries, task.completed_at, task.rows_out].join(" ");
  return useAnswer(key, (signal) => new Requests(data.execution_id).node(task.node_id, signal));
}
