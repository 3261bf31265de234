import { useEffect, useState, type ReactNode } from "react";
import { t } from "../../shared/i18n";
import { Dialog } from "../Dialog";
import { asGraph } from "../model/graph";
import { place } from "../model/placing";
import { getTemplates, type Template } from "../server/calls";
import { useEditor } from "../store";
import { formValue } from "./form";
import { writeSettings } from "./settings";

/** Pipelines to start from. */
export function Templates({ onClose }: { onClose: () => void }): ReactNode {
  const [templates, setTemplates] = useState<Template[] | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    getTemplates().then(setTemplates, (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
  }, []);
  const use = (template: Template) => {
    const { modules, editDoc, tell } = useEditor.getState();
    const graph = asGraph(template.config);
    if (!graph) return;
    editDoc(() => ({
      graph: place(graph, modules),
      params: template.default_params,
      specs: template.param_specs,
    }));
    // A pipeline that has a name keeps that, and what it says of itself.
    if (formValue("name") === "") {
      writeSettings({ name: template.name, description: template.description, tags: template.tags });
    }
    tell(t("Started from {name}. Undo brings back what was there.", { name: template.name }), "good");
    onClose();
  };
  return (
    <Dialog title={t("Templates")} onClose={onClose} wide>
      {failure && <p className="ed-problem">{failure}</p>}
      {!templates && !failure && <p className="ed-quiet">{t("Loading…")}</p>}
      {templates?.length === 0 && <p className="ed-quiet">{t("There are no templates.")}</p>}
      <ul className="ed-templates">
        {templates?.map((template) => (
          <li key={template.id}>
            <div>
              <strong>{template.name}</strong>
              <p className="ed-help">{template.description}</p>
            </div>
            <button type="button" className="ed-button" onClick={() => use(template)} aria-label={t("Use {name}", { name: template.name })}>
              {t("Use")}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
