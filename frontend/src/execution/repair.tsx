import { t } from "../shared/i18n";
import { nodeUrl } from "./node-rejected";
import type { Task } from "./state";
import { usePage, useShown } from "./store";

/** Which way repairs a node that failed: a retry of the same revision, or an edit and a new execution. */
export function Repair({ task }: { task: Task }) {
  const { urls } = usePage().data;
  const revision = useShown((shown) => shown.execution.revision);
  const mayRetry = useShown((shown) => shown.execution.actions.retry);
  if (task.status !== "failed" || (!mayRetry && urls.edit_node === null)) return null;
  return (
    <div className="x-note x-repair">
      {mayRetry && <p>{t("Was a file, a table or a connection to blame? Put it right, then retry from here.")}</p>}
      {urls.edit_node !== null && (
        <p>
          {revision === null
            ? t("Is the pipeline to blame? Edit the node and save, then run the newest revision.")
            : t("Is the pipeline to blame? Edit the node and save, then run the newest revision: a retry keeps revision {number}.", {
                number: revision,
              })}
        </p>
      )}
      <div className="x-repair-ways">
        {urls.edit_node !== null && (
          <a className="x-button is-small" href={nodeUrl(urls.edit_node, task.node_id)}>
            {t("Edit this node")}
          </a>
        )}
        {urls.run_newest !== null && (
          <a className="x-button is-small" href={urls.run_newest}>
            {t("Run the newest revision")}
          </a>
        )}
      </div>
    </div>
  );
}
