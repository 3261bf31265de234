import type { ReactNode } from "react";
import { t } from "../shared/i18n";
import { StatusBadge } from "../shared/status-badge";
import { executionUrl } from "./actions";
import { Alerts } from "./alerts";
import { moment, valueText } from "./format";
import { usePage, useShown } from "./store";
import { trigger } from "./words";

/** Params, times, names in Airflow, replays. */
export function Details() {
  const { data } = usePage();
  const execution = useShown((shown) => shown.execution);
  const now = Date.parse(execution.server_time);
  const params = Object.entries(execution.params);
  const cancelled = execution.cancel_requested_at;
  return (
    <div className="x-scroll x-pad">
      <h2>{t("Params")}</h2>
      {params.length === 0 ? (
        <p className="x-quiet">{t("It was started without params: the pipeline's defaults hold.")}</p>
      ) : (
        <table className="x-table">
          <tbody>
            {params.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="is-long">
                  <code>{valueText(value)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <h2>{t("Run")}</h2>
      <dl className="x-facts">
        <Fact name={t("Started by")}>{[trigger(execution.trigger_type), execution.triggered_by].filter(Boolean).join(", ")}</Fact>
        <Fact name={t("Created")}>{moment(execution.created_at, now)}</Fact>
        <Fact name={t("Started")}>{moment(execution.started_at, now)}</Fact>
        <Fact name={t("Ended")}>{moment(execution.completed_at, now)}</Fact>
        {cancelled && <Fact name={t("Cancel asked for")}>{[moment(cancelled, now), execution.cancel_requested_by].filter(Boolean).join(", ")}</Fact>}
        <Fact name={t("Execution")}>
          <code>{execution.id}</code>
        </Fact>
        <Fact name={t("DAG in Airflow")}>
          <code>{execution.airflow_dag_id}</code>
        </Fact>
        <Fact name={t("DAG run in Airflow")}>
          <code>{execution.airflow_dag_run_id}</code>
        </Fact>
      </dl>
      {data.shows_alerts && <Alerts />}
      {(execution.replay_of !== null || execution.replays.length > 0) && <h2>{t("Replays")}</h2>}
      {execution.replay_of !== null && (
        <p>
          {t("Replays the rows that {node} rejected in", { node: execution.replay_node })}{" "}
          <a href={executionUrl(data.urls.execution, execution.replay_of)}>{t("an earlier execution")}</a>.
        </p>
      )}
      {execution.replays.length > 0 && (
        <table className="x-table">
          <thead>
            <tr>
              <th scope="col">{t("Replayed")}</th>
              <th scope="col">{t("Node")}</th>
              <th scope="col">{t("Status")}</th>
            </tr>
          </thead>
          <tbody>
            {execution.replays.map((replay) => (
              <tr key={replay.id}>
                <th scope="row">
                  <a href={executionUrl(data.urls.execution, replay.id)}>{moment(replay.created_at, now)}</a>
                </th>
                <td>{replay.replay_node}</td>
                <td>
                  <StatusBadge status={replay.status} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
