import { t } from "../shared/i18n";
import { StatusBadge, StatusIcon } from "../shared/status-badge";
import { Elapsed } from "./elapsed";
import { moment } from "./format";
import { usePage, useShown } from "./store";

/** Every attempt of the execution, the newest first, with the nodes that it ran. */
export function Attempts() {
  const { store } = usePage();
  const attempts = useShown((shown) => shown.execution.attempts);
  const now = useShown((shown) => Date.parse(shown.execution.server_time));
  return (
    <div className="x-scroll">
      <table className="x-table is-wide">
        <thead>
          <tr>
            <th scope="col">{t("Attempt")}</th>
            <th scope="col">{t("Status")}</th>
            <th scope="col">{t("Asked for")}</th>
            <th scope="col">{t("By")}</th>
            <th scope="col" className="is-number">{t("Duration")}</th>
            <th scope="col">{t("Nodes that it ran")}</th>
          </tr>
        </thead>
        <tbody>
          {[...attempts].reverse().map((attempt) => (
            <tr key={attempt.number}>
              <th scope="row">{attempt.number}</th>
              <td>
                <StatusBadge status={attempt.status} />
              </td>
              <td>{attempt.requested_at === null ? t("in Airflow") : moment(attempt.requested_at, now)}</td>
              <td>{attempt.requested_by ?? "–"}</td>
              <td className="is-number">
                <Elapsed since={attempt.started_at} seconds={attempt.duration_seconds} isRunning={attempt.status === "running"} />
              </td>
              <td className="is-long">
                <span className="x-attempt-nodes">
                  {attempt.nodes.map((node) => (
                    <button key={node.node_id} type="button" className="x-tag" onClick={() => store.open(node.node_id)} title={node.error || undefined}>
                      <StatusIcon status={node.status} />
                      {node.node_id}
                    </button>
                  ))}
                </span>
                {attempt.error_message && <pre className="x-attempt-error">{attempt.error_message}</pre>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
