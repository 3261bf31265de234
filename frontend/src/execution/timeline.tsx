import { type CSSProperties, type KeyboardEvent, memo, useMemo, useState } from "react";
import { t } from "../shared/i18n";
import { statusClass, statusWord } from "../shared/status";
import { StatusIcon } from "../shared/status-badge";
import { useNow } from "./clock";
import { axisTime, clock, duration, running } from "./format";
import { attemptStart, type Bar, ganttRows, ganttScale, placed, type Row, type Scale } from "./gantt";
import { usePage, useShown } from "./store";

/** When each try of each node ran, on one axis of time. */
export function Timeline() {
  const execution = useShown((shown) => shown.execution);
  const offset = useShown((shown) => shown.offset);
  const [isAll, setAll] = useState(false);
  const since = isAll ? -Infinity : attemptStart(execution);
  const rows = useMemo(() => ganttRows(execution.tasks, since), [execution.tasks, since]);
  const isRunning = rows.some((row) => row.bars.some((bar) => bar.end === null));
  const now = useNow(isRunning) + (offset ?? 0);
  const scale = ganttScale(rows, now);
  const [shown, setShown] = useState<Bar | null>(null);

  return (
    <div className="x-gantt-frame">
      <div className="x-gantt-head">
        {scale && (
          <span className="x-quiet">
            {t("From {start} to {end}", { start: clock(scale.start), end: isRunning ? t("now") : clock(scale.end) })}
          </span>
        )}
        {execution.attempt > 1 && (
          <label>
            <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} /> {t("Earlier attempts, too")}
          </label>
        )}
        {scale && (
          <span className="x-gantt-detail" role="status">
            {shown ? described(shown, now) : t("Arrows go from try to try, Enter opens its log.")}
          </span>
        )}
      </div>
      {scale ? <Chart rows={rows} scale={scale} now={now} onShow={setShown} /> : <p className="x-empty">{t("No node has begun yet.")}</p>}
    </div>
  );
}

interface ChartProps {
  rows: readonly Row[];
  scale: Scale;
  now: number;
  onShow(bar: Bar | null): void;
}

function Chart({ rows, scale, now, onShow }: ChartProps) {
  const first = rows.findIndex((row) => row.bars.length > 0);
  return (
    <div className="x-gantt" role="list" aria-label={t("Timeline of tries")} onKeyDown={move} style={{ "--x-step": `${scale.ticks[1]?.left ?? 100}%` } as CSSProperties}>
      <Axis scale={scale} />
      {rows.map((row, index) => (
        <GanttRow
          key={row.task.node_id}
          row={row}
          // Rows without a bar that runs stand still while time goes on.
          now={row.bars.some((bar) => bar.end === null) ? now : 0}
          start={scale.start}
          end={scale.end}
          isFirst={index === first}
          onShow={onShow}
        />
      ))}
    </div>
  );
}

function Axis({ scale }: { scale: Scale }) {
  return (
    <div className="x-gantt-axis" aria-hidden="true">
      <span />
      <div>
        {scale.ticks.map((tick) => (
          <span key={tick.since} style={{ left: `${tick.left}%` }} title={clock(tick.at)} className={tick.left > 95 ? "is-last" : ""}>
            {axisTime(tick.since)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  row: Row;
  now: number;
  start: number;
  end: number;
  isFirst: boolean;
  onShow(bar: Bar | null): void;
}

const GanttRow = memo(function GanttRow({ row, now, start, end, isFirst, onShow }: RowProps) {
  const { store } = usePage();
  const { task, bars } = row;
  const scale = { start, end, ticks: [] };
  return (
    <div className="x-gantt-row" role="listitem">
      <button type="button" tabIndex={-1} className="x-gantt-name" onClick={() => store.open(task.node_id)} title={task.node_id}>
        <StatusIcon status={task.status} />
        <span>{task.node_name || task.node_id}</span>
      </button>
      <div className="x-gantt-bars">
        {bars.length === 0 && <span className="x-gantt-none">{statusWord(task.status)}</span>}
        {bars.map((bar, index) => {
          const { left, width } = placed(bar, scale, now);
          return (
            <button
              key={`${bar.number}-${bar.start}`}
              type="button"
              className={`x-bar ${statusClass(bar.status)}${bar.end === null ? " is-running" : ""}`}
              style={{ left: `${left}%`, width: `${width}%` }}
              tabIndex={isFirst && index === 0 ? 0 : -1}
              aria-label={described(bar, now)}
              onMouseEnter={() => onShow(bar)}
              onFocus={() => onShow(bar)}
              onMouseLeave={() => onShow(null)}
              onClick={() => store.open(task.node_id, "log")}
            />
          );
        })}
        {bars.length > 0 && <Length bar={bars[bars.length - 1]!} scale={scale} now={now} />}
      </div>
    </div>
  );
});

/** How long the last try took, beside its bar. */
function Length({ bar, scale, now }: { bar: Bar; scale: Scale; now: number }) {
  const { left, width } = placed(bar, scale, now);
  const isRight = left + width > 85;
  const style = isRight ? { right: `${100 - left}%` } : { left: `${left + width}%` };
  return (
    <span className="x-gantt-length" style={style}>
      {lengthOf(bar, now)}
    </span>
  );
}

function lengthOf(bar: Bar, now: number): string {
  return bar.end === null ? running((now - bar.start) / 1000) : duration((bar.end - bar.start) / 1000);
}

function described(bar: Bar, now: number): string {
  return t("{node}, try {number}: {status}, from {start}, {duration}", {
    node: bar.name,
    number: bar.number,
    status: statusWord(bar.status),
    start: clock(bar.start),
    duration: lengthOf(bar, now),
  });
}

function move(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const bars = [...event.currentTarget.querySelectorAll<HTMLElement>(".x-bar")];
  const place = bars.indexOf(document.activeElement as HTMLElement);
  const next = bars[place + step];
  if (place < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
