import { useState } from "react";
import { t } from "../shared/i18n";
import { StatusIcon } from "../shared/status-badge";
import { Dialog } from "./dialog";
import { counted } from "./format";
import { behind } from "./graph";
import { refusal, Requests } from "./requests";
import { usePage, useShown } from "./store";
import { refreshedWord } from "./words";

type Question = "cancel" | "retry" | "retry-from" | "run-again";

/** Return a caller that tells a refusal to the user; it gives null then. */
export function useDoing(): { isBusy: boolean; doing: <T>(work: () => Promise<T>) => Promise<T | null> } {
  const { store, ask } = usePage();
  const [isBusy, setBusy] = useState(false);
  async function doing<T>(work: () => Promise<T>): Promise<T | null> {
    setBusy(true);
    try {
      return await work();
    } catch (error) {
      store.say("error", refusal(error));
      return null;
    } finally {
      setBusy(false);
      ask();
    }
  }
  return { isBusy, doing };
}

/** The buttons of the execution. */
export function Actions() {
  const { data, store } = usePage();
  const requests = new Requests(data.execution_id);
  const actions = useShown((shown) => shown.execution.actions);
  const status = useShown((shown) => shown.execution.status);
  const [question, setQuestion] = useState<Question | null>(null);
  const { isBusy, doing } = useDoing();
  const close = () => setQuestion(null);

  async function refresh() {
    const before = store.get().execution;
    if ((await doing(() => requests.monitor())) !== null) store.say("info", refreshedWord(before));
  }

  return (
    <div className="x-actions">
      <button type="button" className="x-button" disabled={isBusy} onClick={() => void refresh()} title={t("Ask Airflow about this execution now")}>
        {t("Refresh")}
      </button>
      {actions.run_again && (
        <button type="button" className="x-button" onClick={() => setQuestion("run-again")}>
          {t("Run again")}
        </button>
      )}
      {actions.retry && (
        <span className="x-button-pair">
          {status !== "success" && (
            <button type="button" className="x-button is-primary" onClick={() => setQuestion("retry")}>
              {t("Retry")}
            </button>
          )}
          <button type="button" className="x-button" onClick={() => setQuestion("retry-from")}>
            {t("Retry from…")}
          </button>
        </span>
      )}
      {actions.cancel && (
        <button type="button" className="x-button is-dangerous" onClick={() => setQuestion("cancel")}>
          {t("Cancel execution")}
        </button>
      )}
      {question === "cancel" && <CancelDialog onClose={close} />}
      {question === "retry" && <RetryDialog nodes={null} onClose={close} />}
      {question === "retry-from" && <ChooseNodes onClose={close} />}
      {question === "run-again" && <RunAgainDialog onClose={close} />}
    </div>
  );
}

function CancelDialog({ onClose }: { onClose(): void }) {
  const { data } = usePage();
  const { isBusy, doing } = useDoing();
  async function cancel() {
    // That it was asked for is a part of the state, and shown with it.
    await doing(() => new Requests(data.execution_id).cancel());
    onClose();
  }
  return (
    <Dialog title={t("Cancel this execution?")} action={t("Cancel execution")} isDangerous isBusy={isBusy} onDo={() => void cancel()} onClose={onClose}>
      <p>{t("Nodes that run are stopped, and those that wait do not begin. What loaders have committed stays loaded.")}</p>
    </Dialog>
  );
}

/** Ask whether these nodes, or those that did not succeed, are to run again. */
export function RetryDialog({ nodes, onClose }: { nodes: string[] | null; onClose(): void }) {
  const { data, graph } = usePage();
  const tasks = useShown((shown) => shown.execution.tasks);
  const { isBusy, retry } = useRetry();
  const from = nodes ?? tasks.filter((task) => task.status !== "success").map((task) => task.node_id);
  const again = [...behind(graph, from)];
  return (
    <Dialog
      title={nodes === null ? t("Retry this execution?") : t("Retry from '{node}'?", { node: nodes.join("', '") })}
      action={t("Retry")}
      isBusy={isBusy}
      onDo={() => void retry(nodes).then(onClose)}
      onClose={onClose}
    >
      <p>
        {nodes === null
          ? t("A new attempt begins with the nodes that did not succeed, on the same revision and params.")
          : t("A new attempt begins with this node and all behind it, on the same revision and params.")}
      </p>
      <RunsAgain nodes={again} key={data.execution_id} />
    </Dialog>
  );
}

function useRetry() {
  const { data, store } = usePage();
  const { isBusy, doing } = useDoing();
  async function retry(nodes: string[] | null): Promise<void> {
    const retried = await doing(() => new Requests(data.execution_id).retry(nodes));
    if (retried === null) return;
    store.say("success", t("Runs again: {nodes}.", { nodes: retried.nodes.join(", ") }));
    for (const warning of retried.warnings) store.say("warning", warning);
  }
  return { isBusy, retry };
}

function RunsAgain({ nodes }: { nodes: string[] }) {
  const shown = nodes.slice(0, 12).join(", ");
  return (
    <p className="x-quiet">
      {counted(nodes.length, t("{n} node runs again"), t("{n} nodes run again"))}
      {nodes.length > 0 && `: ${shown}${nodes.length > 12 ? ", …" : ""}`}
    </p>
  );
}

function ChooseNodes({ onClose }: { onClose(): void }) {
  const { graph } = usePage();
  const tasks = useShown((shown) => shown.execution.tasks);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState("");
  const { isBusy, retry } = useRetry();
  const again = behind(graph, chosen);
  const wanted = text.toLowerCase();
  const listed = tasks.filter((task) => `${task.node_id} ${task.node_name}`.toLowerCase().includes(wanted));

  function toggle(id: string) {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  }

  return (
    <Dialog
      title={t("Retry from which nodes?")}
      action={t("Retry")}
      isBusy={isBusy}
      isDisabled={chosen.size === 0}
      onDo={() => void retry([...chosen]).then(onClose)}
      onClose={onClose}
    >
      <p>{t("The nodes that you choose and all behind them run again, on the same revision and params.")}</p>
      <input type="search" className="x-input" value={text} onChange={(event) => setText(event.target.value)} placeholder={t("Find a node")} aria-label={t("Find a node")} />
      <ul className="x-choices">
        {listed.map((task) => (
          <li key={task.node_id}>
            <label>
              <input type="checkbox" checked={chosen.has(task.node_id)} onChange={() => toggle(task.node_id)} />
              <StatusIcon status={task.status} />
              <span>{task.node_name || task.node_id}</span>
              {again.has(task.node_id) && !chosen.has(task.node_id) && <em>{t("runs again, too")}</em>}
            </label>
          </li>
        ))}
      </ul>
      <RunsAgain nodes={[...again]} />
    </Dialog>
  );
}

function RunAgainDialog({ onClose }: { onClose(): void }) {
  const { data } = usePage();
  const revision = useShown((shown) => shown.execution.revision);
  const params = useShown((shown) => shown.execution.params);
  const { isBusy, doing } = useDoing();
  async function run() {
    const started = await doing(() => new Requests(data.execution_id).runAgain());
    if (started === null) onClose();
    else window.location.assign(executionUrl(data.urls.execution, started.execution_id));
  }
  return (
    <Dialog title={t("Run this again?")} action={t("Run again")} isBusy={isBusy} onDo={() => void run()} onClose={onClose}>
      <p>
        {revision === null
          ? t("A new execution starts with the same params.")
          : t("A new execution of revision {revision} starts with the same params.", { revision })}
      </p>
      {Object.keys(params).length > 0 && <pre className="x-code">{JSON.stringify(params, null, 2)}</pre>}
      {data.urls.change_params && (
        <p>
          <a href={data.urls.change_params}>{t("Change params or revision first")}</a>
        </p>
      )}
    </Dialog>
  );
}

const NIL = "00000000-0000-0000-0000-000000000000";

/** Return the address of another execution's page. */
export function executionUrl(pattern: string, id: string): string {
  return pattern.replace(NIL, id);
}
