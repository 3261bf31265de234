import type { ReactNode } from "react";
import { t } from "../../shared/i18n";
import { difference } from "../model/diff";
import { asGraph } from "../model/graph";
import type { EditorData } from "../page/data";
import { useDoc } from "../store";
import { DifferenceList } from "./DifferenceList";

/** What saving would change in what is deployed. */
export function ChangesTab({ deployed }: { deployed: EditorData["deployed"] }): ReactNode {
  const doc = useDoc();
  const graph = deployed && asGraph(deployed.config);
  if (!deployed || !graph) {
    return <p className="ed-quiet ed-pad">{t("Nothing is deployed yet: saving deploys all that is drawn here.")}</p>;
  }
  const params = deployed.default_params;
  const found = difference(
    { graph, ...(params ? { params } : {}) },
    { graph: doc.graph, ...(params ? { params: doc.params } : {}) },
  );
  return (
    <div className="ed-pad ed-scroll" tabIndex={0} role="region" aria-label={t("Changes")}>
      <h2>{t("What saving would change in revision {revision}", { revision: deployed.revision })}</h2>
      <DifferenceList found={found} same={t("Nothing. What is drawn here is what is deployed.")} />
    </div>
  );
}
