import { statusClass, statusIcon, statusWord } from "./status";
import "./status.css";

export function StatusIcon({ status }: { status: string }) {
  return (
    <svg className={`status-icon ${statusClass(status)}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={statusIcon(status)} />
    </svg>
  );
}

/** A status as icon and word. */
export function StatusBadge({ status }: { status: string }) {
  return (
    <span className={`status-badge ${statusClass(status)}`}>
      <StatusIcon status={status} />
      {statusWord(status)}
    </span>
  );
}
