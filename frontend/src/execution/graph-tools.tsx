import { memo, useRef } from "react";
import { t } from "../shared/i18n";
import { STATUSES, statusClass, statusWord } from "../shared/status";
import { StatusIcon } from "../shared/status-badge";
import { usePage, useShown } from "./store";

/** How many nodes there are of each status, each a way to the next of them, and a search. */
export const GraphTools = memo(function GraphTools({ onShow }: { onShow(id: string, withFocus: boolean): void }) {
  const { graph } = usePage();
  const tasks = useShown((shown) => shown.execution.tasks);
  const last = useRef<Record<string, number>>({});

  function next(status: string) {
    const those = tasks.filter((task) => task.status === status);
    const place = ((last.current[status] ?? -1) + 1) % those.length;
    last.current[status] = place;
    onShow(those[place]!.node_id, true);
  }

  function find(text: string) {
    const wanted = text.trim().toLowerCase();
    const node = graph.nodes.find(({ id, name }) => [id, name].some((each) => each.toLowerCase() === wanted));
    if (node) onShow(node.id, true);
  }

  return (
    <div className="x-graph-tools" role="toolbar" aria-label={t("Find nodes")}>
      {STATUSES.map((status) => {
        const count = tasks.filter((task) => task.status === status).length;
        return (
          count > 0 && (
            <button key={status} type="button" className={`x-chip ${statusClass(status)}`} onClick={() => next(status)} title={t("Go to the next of them")}>
              <StatusIcon status={status} />
              {t("{n} {status}", { n: count, status: statusWord(status) })}
            </button>
          )
        );
      })}
      {graph.nodes.length > 8 && (
        <>
          <input
            type="search"
            className="x-input"
            list="x-node-names"
            placeholder={t("Find a node")}
            aria-label={t("Find a node")}
            onChange={(event) => find(event.target.value)}
          />
          <datalist id="x-node-names">
            {graph.nodes.map(({ id, name }) => (
              <option key={id} value={name || id} />
            ))}
          </datalist>
        </>
      )}
    </div>
  );
});
