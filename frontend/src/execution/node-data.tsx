import { t } from "../shared/i18n";
import { counted, rows } from "./format";
import type { Output } from "./requests";
import { SampleTable } from "./sample-table";
import type { Task } from "./state";
import { useNode } from "./use-node";

/** The first rows of every output of a node, with the types of their columns. */
export function NodeData({ task }: { task: Task }) {
  const answer = useNode(task);
  if (answer.is === "waiting") return <p className="x-empty">{t("Reading…")}</p>;
  if (answer.is === "refused") return <p className="x-note is-error x-margin">{answer.why}</p>;
  const output = answer.value.output;
  const named = output?.outputs ? Object.entries(output.outputs) : [];
  if (named.length > 0) {
    return (
      <div className="x-scroll x-pad">
        {named.map(([name, each]) => (
          <Sample key={name} name={name} output={each} />
        ))}
      </div>
    );
  }
  if (!output?.columns) return <p className="x-empty">{t("The node has put out no rows.")}</p>;
  return (
    <div className="x-scroll x-pad">
      <Sample name={null} output={output} />
    </div>
  );
}

function Sample({ name, output }: { name: string | null; output: Output }) {
  const count = output.data?.length ?? 0;
  const names = output.columns ?? Object.keys(output.schema ?? {});
  const all = output.shape?.[0] ?? count;
  const first = t("the first {n} of {all}", { n: rows(count), all: counted(all, t("{n} row"), t("{n} rows")) });
  return (
    <section className="x-sample">
      <h3>
        {name === null ? first.charAt(0).toUpperCase() + first.slice(1) : `${name}: ${first}`}
      </h3>
      <SampleTable
        columns={names.map((column) => ({ name: column, type: output.schema?.[column] }))}
        rows={(output.data ?? []).map((record) => names.map((column) => record[column]))}
        label={name ?? t("Rows")}
      />
    </section>
  );
}
