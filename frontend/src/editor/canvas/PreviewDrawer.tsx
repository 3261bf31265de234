import { useEffect, useMemo, useState, type ReactNode } from "react";
import { ApiError } from "../../shared/api";
import { language, t } from "../../shared/i18n";
import { difference, isSame } from "../model/diff";
import { findNode, nodeLabel, type Doc } from "../model/graph";
import { getPreview, startPreview, stopPreview, type Preview, type PreviewOutput } from "../server/calls";
import { useDoc, useEditor, useGraph } from "../store";
import { Icon } from "./icons";
import { RowsTable } from "./RowsTable";

const POLL_MS = 500;

interface Shown {
  preview: Preview | null;
  failure: string;
  /** What was drawn when it was asked for. */
  of: Doc | null;
}

const NOTHING: Shown = { preview: null, failure: "", of: null };

/** The first rows that come out of a node, on a sample of its sources. */
export function PreviewDrawer(): ReactNode {
  const id = useEditor((state) => state.previewed);
  const node = findNode(useGraph(), id);
  // Every look at a node but the first reads the sources again.
  const [again, setAgain] = useState({ node: "", round: 0 });
  const round = again.node === id ? again.round : 0;
  const [{ preview, failure, of }, setShown] = useState(NOTHING);
  const [output, setOutput] = useState("");
  useEffect(() => {
    setShown(NOTHING);
    if (id === null) return undefined;
    const stop = new AbortController();
    void follow(id, round > 0, stop.signal, setShown);
    return () => stop.abort();
  }, [id, round]);
  if (!node) return null;
  const outputs = preview?.outputs ?? {};
  const names = Object.keys(outputs);
  const name = names.includes(output) ? output : (names[0] ?? "");
  const shown = outputs[name];
  return (
    <section className="ed-drawer" aria-label={t("Preview of {node}", { node: nodeLabel(node) })}>
      <div className="ed-drawer-head">
        <Icon name="eye" />
        <strong>{nodeLabel(node)}</strong>
        {names.length > 1 && (
          <select className="ed-input ed-small" aria-label={t("Output")} value={name} onChange={(event) => setOutput(event.target.value)}>
            {names.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <span className="ed-quiet" role="status">
          {statusText(preview, shown, failure)}
        </span>
        <span className="ed-spring" />
        <IsOlder of={of} />
        <button type="button" className="ed-button" onClick={() => setAgain({ node: node.id, round: round + 1 })}>
          {t("Run again")}
        </button>
        <button
          type="button"
          className="ed-icon-button"
          title={t("Close the preview")}
          aria-label={t("Close the preview")}
          onClick={() => useEditor.getState().preview(null)}
        >
          <Icon name="close" />
        </button>
      </div>
      {failure && <p className="ed-problem">{failure}</p>}
      {preview?.error && <p className="ed-problem">{preview.error.message}</p>}
      {shown && <RowsTable columns={shown.columns} rows={shown.rows} />}
    </section>
  );
}

/** That the rows are those of a pipeline which has been changed since. */
function IsOlder({ of }: { of: Doc | null }): ReactNode {
  const doc = useDoc();
  const isOlder = useMemo(() => of !== null && of !== doc && !isSame(difference(of, doc)), [of, doc]);
  return isOlder && <span className="ed-note">{t("Changed since.")}</span>;
}

const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(language);

function statusText(preview: Preview | null, output: PreviewOutput | undefined, failure: string): string {
  if (failure || preview?.status === "failed") return t("It could not be run.");
  if (preview?.waits_for) return preview.waits_for;
  if (!preview || preview.status === "queued") return t("Waiting to be run…");
  if (preview.status === "running") return t("Running on a sample…");
  const seconds = tenths.format(preview.seconds ?? 0);
  if (!output) return t("Done in {seconds} s", { seconds });
  const rows = whole.format(output.rows.length);
  if (output.total === 1) return t("1 row, in {seconds} s", { seconds });
  if (output.total !== null) return t("{rows} of {total} rows, in {seconds} s", { rows, total: whole.format(output.total), seconds });
  return t("{rows} of {count} rows of a sample, in {seconds} s", { rows, count: whole.format(output.count), seconds });
}

async function follow(node: string, fresh: boolean, signal: AbortSignal, show: (shown: Shown) => void): Promise<void> {
  const { pipeline, history } = useEditor.getState();
  const of = history.present;
  let id: string | null = null;
  try {
    let preview = await startPreview(pipeline, of, node, fresh);
    id = preview.id;
    signal.addEventListener("abort", () => void stopPreview(preview.id).catch(() => undefined));
    while (!signal.aborted) {
      show({ preview, failure: "", of });
      if (preview.status === "ready" || preview.status === "failed") return;
      await new Promise((done) => setTimeout(done, POLL_MS));
      preview = { ...(await getPreview(id, signal)), id };
    }
    if (signal.aborted) void stopPreview(id).catch(() => undefined);
  } catch (error) {
    if (signal.aborted) return;
    const problems = error instanceof ApiError ? error.problems.map((problem) => problem.message).join(" ") : "";
    show({ preview: null, of, failure: problems || (error instanceof Error ? error.message : String(error)) });
  }
}
