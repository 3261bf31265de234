import { useEffect } from "react";
import { t } from "../shared/i18n";
import { statusClass } from "../shared/status";
import { StatusBadge } from "../shared/status-badge";
import { Actions } from "./actions";
import { Copy } from "./copy";
import { Elapsed } from "./elapsed";
import { counted, moment, zone } from "./format";
import { OriginOf, ReplaysOf } from "./replays";
import type { ExecutionState } from "./state";
import { usePage, useShown } from "./store";
import { WaitingNote } from "./waiting-note";
import { begun, lineWords, progressWord } from "./words";

// What was refused, or is to be thought of, stays until it is dismissed.
const GOOD_NEWS_FOR = 8_000;

/** How the execution stands, who started it and why, and what can be done with it. */
export function Header() {
  const { data } = usePage();
  const execution = useShown((shown) => shown.execution);
  return (
    <div className="x-head">
      <div className="x-head-row">
        <StatusBadge status={execution.status} />
        <h1 className="x-title">
          {data.urls.pipeline ? <a href={data.urls.pipeline}>{execution.pipeline_name}</a> : execution.pipeline_name}
        </h1>
        <LineSign />
        <span className="x-spacer" />
        <Actions />
      </div>
      <Facts execution={execution} />
      <Notes execution={execution} notes={data.notes} />
      <Messages />
    </div>
  );
}

function Facts({ execution }: { execution: ExecutionState }) {
  const now = Date.parse(execution.server_time);
  const since = execution.started_at ?? execution.created_at;
  const params = Object.entries(execution.params);
  return (
    <div className="x-head-facts">
      {execution.revision !== null && <span>{t("Revision {number}", { number: execution.revision })}</span>}
      {execution.attempt > 1 && <span>{t("Attempt {number}", { number: execution.attempt })}</span>}
      <span>
        {begun(execution.trigger_type)}
        {execution.triggered_by && ` (${execution.triggered_by})`}
      </span>
      <OriginOf />
      <span title={t("All times of this page are those of your time zone, {zone}.", { zone: zone(since).name })}>
        {moment(since, now)} {zone(since).short}
      </span>
      <span className="x-strong">
        <Elapsed since={since} seconds={execution.duration_seconds} isRunning={execution.is_active} />
      </span>
      {params.slice(0, 3).map(([name, value]) => (
        <code key={name}>
          {name} = {String(typeof value === "object" ? JSON.stringify(value) : value)}
        </code>
      ))}
      {params.length > 3 && <span>{t("and {n} more params", { n: params.length - 3 })}</span>}
      {execution.rows_rejected > 0 && <RejectedLink execution={execution} />}
      <ReplaysOf />
      <Progress execution={execution} />
    </div>
  );
}

/** How many rows were rejected, as a way to the first node that did. */
function RejectedLink({ execution }: { execution: ExecutionState }) {
  const { store } = usePage();
  const node = execution.tasks.find((task) => (task.rows_rejected ?? 0) > 0)?.node_id;
  return (
    <button type="button" className="x-bad-link" disabled={node === undefined} onClick={() => store.open(node ?? null, "rejected")}>
      {counted(execution.rows_rejected, t("{n} row rejected"), t("{n} rows rejected"))}
    </button>
  );
}

function LineSign() {
  const line = useShown((shown) => shown.line);
  const { word, meaning } = lineWords(line);
  return (
    <span className={`x-line-sign is-${line}`} title={meaning} role="status">
      <i aria-hidden="true" />
      {word}
      <span className="x-hidden"> {meaning}</span>
    </span>
  );
}

function Progress({ execution }: { execution: ExecutionState }) {
  const { done, total } = execution.progress;
  if (total === 0) return null;
  return (
    <div className="x-progress">
      <div
        className={`x-progress-bar ${statusClass(execution.status)}`}
        role="progressbar"
        aria-label={t("Progress")}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <div style={{ width: `${(done / total) * 100}%` }} />
      </div>
      <span>{progressWord(execution)}</span>
    </div>
  );
}

function Notes({ execution, notes }: { execution: ExecutionState; notes: string[] }) {
  return (
    <>
      {execution.cancel_requested_at !== null && execution.may_still_run && !execution.status_reason && (
        <p className="x-note is-warning">{t("Cancel asked for: it is cancelled once nothing of it runs any more.")}</p>
      )}
      {execution.status_reason && <p className="x-note">{execution.status_reason}</p>}
      <WaitingNote />
      {execution.error_message && (
        <div className="x-note is-error is-row">
          <pre>{execution.error_message}</pre>
          <Copy text={execution.error_message} />
        </div>
      )}
      {notes.map((note) => (
        <p key={note} className="x-note is-warning">
          {note}
        </p>
      ))}
    </>
  );
}

function Messages() {
  const { store } = usePage();
  const messages = useShown((shown) => shown.messages);
  const done = messages.find((message) => message.kind === "success" || message.kind === "info")?.id;
  useEffect(() => {
    if (done === undefined) return undefined;
    const timer = setTimeout(() => store.dismiss(done), GOOD_NEWS_FOR);
    return () => clearTimeout(timer);
  }, [done, store]);
  return (
    <div className="x-messages" role="alert">
      {messages.map((message) => (
        <div key={message.id} className={`x-note is-${message.kind} is-row`}>
          <p>{message.text}</p>
          <button type="button" className="x-icon-button" aria-label={t("Dismiss")} onClick={() => store.dismiss(message.id)}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M4 4l8 8M12 4l-8 8" />
            </svg>
          </button>
        </div>
      ))}
    </div>
  );
}
