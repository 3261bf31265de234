import { t } from "../shared/i18n";
import { counted, rows } from "./format";
import { asTable } from "./rejected-rows";
import { ReplaysOf } from "./replays";
import { SampleTable } from "./sample-table";
import type { Task } from "./state";
import { usePage } from "./store";
import { useNode } from "./use-node";

/** The rows that a node has set aside: how many, why, and the first of them. */
export function NodeRejected({ task }: { task: Task }) {
  const { data } = usePage();
  const answer = useNode(task);
  const count = task.rows_rejected ?? 0;
  const rejected = answer.is === "there" ? answer.value.rejected : null;
  const refusal = (answer.is === "there" && answer.value.replay_refusal) || "";
  const first = asTable(rejected?.data ?? []);
  return (
    <div className="x-scroll x-pad">
      <p>
        <strong>{counted(count, t("{n} row was rejected."), t("{n} rows were rejected."))}</strong>
      </p>
      <ReplaysOf node={task.node_id} />
      {refusal !== "" && <p className="x-note">{refusal}</p>}
      {task.has_rejected && answer.is !== "waiting" && (
        <p>
          <a className={`x-button${refusal === "" ? " is-primary" : ""}`} href={nodeUrl(data.urls.quarantine, task.node_id)}>
            {refusal === "" ? t("Look at them, correct and replay them") : t("Look at all of them")}
          </a>
        </p>
      )}
      {answer.is === "waiting" && <p className="x-quiet">{t("Reading…")}</p>}
      {answer.is === "refused" && <p className="x-note is-error">{answer.why}</p>}
      {(rejected?.reasons?.length ?? 0) > 0 && (
        <table className="x-table">
          <thead>
            <tr>
              <th scope="col" className="is-number">{t("Rows")}</th>
              <th scope="col">{t("Field")}</th>
              <th scope="col">{t("Reason")}</th>
            </tr>
          </thead>
          <tbody>
            {rejected?.reasons?.map((each) => (
              <tr key={`${each.field} ${each.reason}`}>
                <td className="is-number">{rows(each.rows)}</td>
                <td>{each.field && <code>{each.field}</code>}</td>
                <td className="is-long">{each.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {first.rows.length > 0 && (
        <>
          <h3>{t("The first of them")}</h3>
          <SampleTable {...first} label={t("Rejected rows")} />
        </>
      )}
    </div>
  );
}

/** Return the address of a node's page. */
export function nodeUrl(pattern: string, node: string): string {
  return pattern.replace("__node__", encodeURIComponent(node));
}
