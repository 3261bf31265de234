import { useState } from "react";
import { t } from "../shared/i18n";
import { useAnswer } from "./answer";
import { type Column, type OutputColumns, Requests } from "./requests";
import { usePage, useShown } from "./store";

/** The columns of every output, with the columns of extractors from which each was computed. */
export function Lineage() {
  const { data } = usePage();
  // Extractors give their columns with their results.
  const done = useShown((shown) => shown.execution.progress.done);
  const answer = useAnswer(`${data.execution_id} ${done}`, (signal) => new Requests(data.execution_id).lineage(signal));
  const [text, setText] = useState("");
  if (answer.is === "waiting") return <p className="x-empty">{t("Reading…")}</p>;
  if (answer.is === "refused") return <p className="x-note is-error x-margin">{answer.why}</p>;
  if (answer.value.length === 0) return <p className="x-empty">{t("The revision that ran is not known, so nothing can be said of its columns.")}</p>;
  const outputs = answer.value.map((output) => ({ ...output, columns: output.columns?.filter((column) => mentions(column, text)) ?? null }));
  return (
    <div className="x-scroll x-pad">
      <p className="x-table-tools">
        <input
          type="search"
          className="x-input"
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={t("Find a column")}
          aria-label={t("Find a column")}
        />
        <span className="x-quiet">{t("Every output's columns, and the extractors' columns that each was computed from")}</span>
      </p>
      {outputs
        .filter((output) => text === "" || output.columns?.length)
        .map((output) => (
          <OutputLineage key={`${output.node} ${output.output ?? ""}`} output={output} onFind={setText} />
        ))}
    </div>
  );
}

function mentions(column: Column, text: string): boolean {
  const wanted = text.toLowerCase();
  const origins = (column.sources ?? []).map((origin) => `${origin.node}.${origin.column}`);
  return [column.name, ...origins].some((each) => each.toLowerCase().includes(wanted));
}

function OutputLineage({ output, onFind }: { output: OutputColumns; onFind(text: string): void }) {
  const { store } = usePage();
  return (
    <section className="x-lineage">
      <h2>
        <button type="button" className="x-link" onClick={() => store.open(output.node)}>
          {output.node}
        </button>
        {output.output && `: ${output.output}`}
      </h2>
      {output.columns === null ? (
        <p className="x-quiet">{t("Its columns are not known.")}</p>
      ) : (
        <table className="x-table">
          <thead>
            <tr>
              <th scope="col">{t("Column")}</th>
              <th scope="col">{t("Type")}</th>
              <th scope="col">{t("Comes from")}</th>
            </tr>
          </thead>
          <tbody>
            {output.columns.map((column) => (
              <tr key={column.name}>
                <th scope="row">{column.name}</th>
                <td>{column.type}</td>
                <td>
                  <Origins column={column} onFind={onFind} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Origins({ column, onFind }: { column: Column; onFind(text: string): void }) {
  if (column.sources === null) return <>{t("not known")}</>;
  if (column.sources.length === 0) return <>{t("constants only")}</>;
  return column.sources.map((origin) => {
    const text = `${origin.node}.${origin.column}`;
    return (
      <button key={text} type="button" className="x-tag" onClick={() => onFind(text)} title={t("Follow this column")}>
        {text}
      </button>
    );
  });
}
