import { t } from "../shared/i18n";
import { StatusBadge } from "../shared/status-badge";
import { Copy } from "./copy";
import { Elapsed } from "./elapsed";
import { moment, NOTHING, rows, size } from "./format";
import { NodeWatermarks } from "./node-watermarks";
import { Repair } from "./repair";
import type { RunTry, Task } from "./state";
import { usePage, useShown } from "./store";

/** How a node went, in numbers and words. */
export function NodeOverview({ task }: { task: Task }) {
  const { data } = usePage();
  const now = useShown((shown) => Date.parse(shown.execution.server_time));
  return (
    <div className="x-scroll x-pad">
      {task.error && (
        <div className="x-note is-error">
          <div className="x-note-head">
            <strong>{t("Error")}</strong>
            <Copy text={task.error} />
          </div>
          <pre>{task.error}</pre>
        </div>
      )}
      <Repair task={task} />
      {task.warnings.map((warning) => (
        <div key={warning} className="x-note is-warning">
          <pre>{warning}</pre>
        </div>
      ))}
      <dl className="x-numbers">
        <Number name={t("Rows in")} value={rows(task.rows_in)} />
        <Number name={t("Rows out")} value={rows(task.rows_out)} />
        <Number name={t("Rejected")} value={rows(task.rows_rejected)} isBad={(task.rows_rejected ?? 0) > 0} />
        <Number name={t("Removed")} value={rows(task.rows_removed)} />
        <Number name={t("Added")} value={rows(task.rows_added)} />
        <Number name={t("Memory")} value={size(task.peak_rss_bytes)} />
        <Number name={t("Written")} value={size(task.bytes_out)} />
        <Number name={t("Columns")} value={rows(task.columns)} />
      </dl>
      {task.outputs && (
        <table className="x-table">
          <thead>
            <tr>
              <th scope="col">{t("Output")}</th>
              <th scope="col" className="is-number">{t("Rows")}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(task.outputs).map(([name, count]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="is-number">{rows(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {(task.has_sample || task.rows_out !== null) && <NodeWatermarks key={`${data.execution_id} ${task.node_id} ${task.completed_at}`} task={task} />}
      <dl className="x-facts">
        <div>
          <dt>{t("Node")}</dt>
          <dd>
            <code>{task.node_id}</code>
          </dd>
        </div>
        <div>
          <dt>{t("Module")}</dt>
          <dd>{task.module || "–"}</dd>
        </div>
        <div>
          <dt>{t("Tries")}</dt>
          <dd>{t("{number} of {most}", { number: task.tries, most: Math.max(task.max_tries, task.tries) })}</dd>
        </div>
      </dl>
      {task.run_tries.length > 0 && <Tries tries={task.run_tries} now={now} />}
    </div>
  );
}

/** A number, where it is known: a node that failed early has few. */
function Number({ name, value, isBad }: { name: string; value: string; isBad?: boolean }) {
  if (value === NOTHING) return null;
  return (
    <div className={isBad ? "is-bad" : ""}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Tries({ tries, now }: { tries: RunTry[]; now: number }) {
  return (
    <table className="x-table">
      <thead>
        <tr>
          <th scope="col">{t("Try")}</th>
          <th scope="col">{t("Status")}</th>
          <th scope="col">{t("Started")}</th>
          <th scope="col">{t("Ended")}</th>
          <th scope="col" className="is-number">{t("Duration")}</th>
        </tr>
      </thead>
      <tbody>
        {[...tries].reverse().map((run) => (
          <tr key={run.number}>
            <th scope="row">{run.number}</th>
            <td>
              <StatusBadge status={run.status} />
            </td>
            <td>{moment(run.started_at, now)}</td>
            <td>{moment(run.completed_at, now)}</td>
            <td className="is-number">
              <Elapsed since={run.started_at} seconds={run.duration_seconds} isRunning={run.completed_at === null && run.status === "running"} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
