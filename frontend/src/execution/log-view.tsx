import { useEffect, useMemo, useRef, useState } from "react";
import { t } from "../shared/i18n";
import { counted, rows } from "./format";
import { LogLines, type LogScroller } from "./log-lines";
import { LogSearch } from "./log-search";
import { found, fromRank, isWhole } from "./log-pages";
import { Requests } from "./requests";
import type { Task } from "./state";
import { usePage } from "./store";
import { useLog } from "./use-log";

// A log of so many messages is read whole as soon as something is looked for in it.
const READ_WHOLE = 20_000;
const LEVELS = [
  { least: 0, word: () => t("All levels") },
  { least: 20, word: () => t("Info and worse") },
  { least: 30, word: () => t("Warnings and errors") },
  { least: 40, word: () => t("Errors") },
];

/** The log of one try of a node: followed while it runs, read page by page backwards. */
export function LogView({ task }: { task: Task }) {
  const { data } = usePage();
  const [chosen, setChosen] = useState<number | null>(null);
  const [least, setLeast] = useState(0);
  const [isWrapped, setWrapped] = useState(true);
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const [isFollowing, setFollowing] = useState(true);
  const run = chosen ?? task.tries;
  const isLatest = run === task.tries;
  const log = useLog(data.execution_id, task.node_id, run || null, isLatest && task.status === "running");
  const scroller = useRef<LogScroller>(null);

  const lines = useMemo(() => fromRank(log.part.lines, least), [log.part.lines, least]);
  const matches = useMemo(() => found(lines, text), [lines, text]);
  const current = matches.length > 0 ? lines[matches[Math.min(place, matches.length - 1)]!]! : null;
  const { readAll } = log;
  const mayReadWhole = text !== "" && !isWhole(log.part) && !log.isReading;

  useEffect(() => {
    if (!mayReadWhole || log.part.total > READ_WHOLE) return undefined;
    const timer = setTimeout(() => void readAll(), 400);
    return () => clearTimeout(timer);
  }, [mayReadWhole, log.part.total, readAll]);

  useEffect(() => {
    if (current) scroller.current?.show(current.place);
  }, [current?.place, text]);

  if (task.tries === 0) return <p className="x-empty">{t("The node has not begun, so it has no log yet.")}</p>;
  return (
    <div className="x-log">
      <div className="x-log-tools" role="toolbar" aria-label={t("Log")}>
        {task.tries > 1 && (
          <select
            className="x-input"
            aria-label={t("Try")}
            value={run}
            onChange={(event) => {
              setChosen(Number(event.target.value));
              setFollowing(true);
            }}
          >
            {Array.from({ length: task.tries }, (_, index) => (
              <option key={index + 1} value={index + 1}>
                {t("Try {number}", { number: index + 1 })}
              </option>
            ))}
          </select>
        )}
        <LogSearch
          text={text}
          onText={(next) => {
            setText(next);
            setPlace(0);
          }}
          count={matches.length}
          place={Math.min(place, Math.max(matches.length - 1, 0))}
          onPlace={setPlace}
        />
        <select className="x-input" aria-label={t("Levels")} value={least} onChange={(event) => setLeast(Number(event.target.value))}>
          {LEVELS.map((level) => (
            <option key={level.least} value={level.least}>
              {level.word()}
            </option>
          ))}
        </select>
        <button type="button" className="x-icon-button" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)} title={t("Wrap")} aria-label={t("Wrap")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 3.5h12M2 8h9.5a2.3 2.3 0 0 1 0 4.6H8M10 10.6l-2 2 2 2M2 12.6h3" />
          </svg>
        </button>
        <a className="x-icon-button" href={new Requests(data.execution_id).logFile(task.node_id, run)} download title={t("Download the log")} aria-label={t("Download the log")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10" />
          </svg>
        </a>
      </div>
      {log.problem && <p className="x-note is-error x-margin" role="alert">{log.problem}</p>}
      {text !== "" && mayReadWhole && log.part.total > READ_WHOLE && (
        <p className="x-log-more">
          {t("Found in the part that is read.")}{" "}
          <button type="button" className="x-link" onClick={() => void readAll()}>
            {t("Read and search all {n} messages", { n: rows(log.part.total) })}
          </button>
        </p>
      )}
      <LogLines
        ref={scroller}
        lines={lines}
        text={text}
        current={current?.place ?? null}
        isWrapped={isWrapped}
        isFollowing={isFollowing}
        onFollowing={setFollowing}
        hasBefore={(log.part.lines[0]?.place ?? 0) > 0}
        onBefore={log.readBefore}
        empty={log.isReading ? t("Reading…") : log.problem ? "" : emptyWord(least)}
      />
      <p className="x-log-foot">
        <span>{counted(log.part.total, t("{n} message"), t("{n} messages"))}</span>
        {isLatest && isFollowing && task.status === "running" && <span className="x-following">{t("Following")}</span>}
        {log.part.isKept && <span>{t("LogiData's own copy")}</span>}
      </p>
    </div>
  );
}

function emptyWord(least: number): string {
  return least > 0 ? t("No message of this level.") : t("Nothing has been written to this log yet.");
}
