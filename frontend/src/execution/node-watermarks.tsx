import { t } from "../shared/i18n";
import { valueText } from "./format";
import type { Moved, Watermark } from "./requests";
import type { Task } from "./state";
import { useNode } from "./use-node";

/** What an extractor read of its source, and which watermarks a loader moved. */
export function NodeWatermarks({ task }: { task: Task }) {
  const answer = useNode(task);
  const output = answer.is === "there" ? answer.value.output : null;
  const notes = [...(output?.watermark ? [readNote(output.watermark)] : []), ...(output?.advanced ?? []).map(movedNote)];
  return notes.map((note) => (
    <p key={note} className="x-note">
      {note}
    </p>
  ));
}

function readNote(read: Watermark): string {
  const hasStart = read.start !== null && read.start !== undefined;
  const values = { column: read.column, start: valueText(read.start), upto: valueText(read.upto) };
  if (read.upto) {
    return hasStart
      ? t("Watermark: read {column} from {start} up to {upto}", values)
      : t("Watermark: read {column} from the beginning up to {upto}", values);
  }
  return hasStart ? t("Watermark: nothing new in {column} since {start}", values) : t("Watermark: nothing new in {column}", values);
}

function movedNote(moved: Moved): string {
  return t("Loaded: the watermark of {node} is {column} {value} now", { node: moved.node, column: moved.column, value: valueText(moved.value) });
}
