import { ReactFlowProvider } from "@xyflow/react";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { t } from "../shared/i18n";
import { Canvas } from "./canvas/Canvas";
import { Help } from "./canvas/Help";
import { Palette } from "./canvas/Palette";
import { PreviewDrawer } from "./canvas/PreviewDrawer";
import { Toolbar } from "./canvas/Toolbar";
import { useShortcuts } from "./canvas/useShortcuts";
import { NodePanel } from "./form/NodePanel";
import { Head } from "./Head";
import { asGraph } from "./model/graph";
import { useDark } from "./page/dark";
import type { EditorData } from "./page/data";
import { ImportDialog } from "./page/ImportDialog";
import { ScheduleHint } from "./page/ScheduleHint";
import { Templates } from "./page/Templates";
import { useImport } from "./page/useImport";
import { Banners } from "./saving/Banners";
import { ConflictDialog } from "./saving/ConflictDialog";
import { DiscardDialog } from "./saving/DiscardDialog";
import { useDraft } from "./saving/useDraft";
import { useFormInStep, useKeptWork } from "./saving/useUnsaved";
import { useCheck } from "./server/useCheck";
import { useEditor, useGraph } from "./store";
import { panelId } from "./TabBar";
import { ChangesTab } from "./tabs/ChangesTab";
import { CodeTab } from "./tabs/CodeTab";
import { JSONTab } from "./tabs/JSONTab";
import { ParamsTab } from "./tabs/ParamsTab";

/** The editor of a pipeline, within the form of its admin page. */
export function Editor({ data }: { data: EditorData }): ReactNode {
  useCheck();
  useFormInStep();
  useKeptWork();
  const root = useRef<HTMLDivElement>(null);
  const tab = useEditor((state) => state.tab);
  const [full, setFull] = useState(false);
  const [palette, setPalette] = useState(data.may_change);
  const [dialog, setDialog] = useState<"help" | "templates" | "discard" | null>(null);
  const draft = useDraft(data.seen, data.draft?.at ?? null);
  const importing = useImport();
  const { save } = draft;
  const shortcuts = useMemo(
    () => ({
      saveDraft: save,
      help: () => setDialog("help"),
      fullScreen: () => setFull((on) => !on),
      leaveFullScreen: () => setFull(false),
    }),
    [save],
  );
  useShortcuts(root, shortcuts);
  return (
    <ReactFlowProvider>
      <div
        ref={root}
        className={`ed${full ? " ed-full" : ""}`}
        onKeyDown={(event) => {
          // Enter in a field of the canvas must not send the form of the page.
          if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
        }}
      >
        <Banners seen={data.seen} />
        <Head
          draft={draft}
          hasDraft={Boolean(data.draft && data.deployed)}
          full={full}
          onTemplates={() => setDialog("templates")}
          onImport={importing.choose}
          onDiscard={() => setDialog("discard")}
        />
        <div className="ed-body" role="tabpanel" id={panelId(tab)} aria-labelledby={`ed-tab-${tab}`}>
          {tab === "canvas" && (
            <CanvasTab
              data={data}
              full={full}
              palette={palette}
              onPalette={() => setPalette(!palette)}
              onFull={() => setFull(!full)}
              onHelp={() => setDialog("help")}
              onTemplates={() => setDialog("templates")}
            />
          )}
          {tab === "params" && <ParamsTab />}
          {tab === "json" && <JSONTab />}
          {tab === "code" && <CodeTab />}
          {tab === "changes" && <ChangesTab deployed={data.deployed} />}
        </div>
        {dialog === "help" && <Help onClose={() => setDialog(null)} />}
        {dialog === "templates" && <Templates onClose={() => setDialog(null)} />}
        {dialog === "discard" && <DiscardDialog discard={draft.discard} onClose={() => setDialog(null)} />}
        <ImportDialog {...importing} />
        <ConflictDialog draft={draft} />
      </div>
      <ScheduleHint />
    </ReactFlowProvider>
  );
}

interface CanvasTabProps {
  data: EditorData;
  full: boolean;
  palette: boolean;
  onPalette: () => void;
  onFull: () => void;
  onHelp: () => void;
  onTemplates: () => void;
}

function CanvasTab({ data, full, palette, onPalette, onFull, onHelp, onTemplates }: CanvasTabProps): ReactNode {
  const dark = useDark();
  const isEmpty = useGraph().nodes.length === 0;
  const isBeside = useEditor((state) => state.opened !== null);
  const deployed = useMemo(() => data.deployed && asGraph(data.deployed.config), [data]);
  return (
    <>
      <div className={`ed-left${isBeside ? " ed-beside" : ""}`}>
        <div className="ed-top">
          {palette && <Palette />}
          <div className="ed-middle">
            <Toolbar full={full} onFull={onFull} onHelp={onHelp} paletteShown={palette} onPalette={onPalette} />
            <div className="ed-canvas">
              <Canvas dark={dark} full={full} />
              {isEmpty && <EmptyHint onTemplates={onTemplates} />}
            </div>
          </div>
        </div>
        <PreviewDrawer />
      </div>
      <NodePanel deployed={deployed} />
    </>
  );
}

function EmptyHint({ onTemplates }: { onTemplates: () => void }): ReactNode {
  return (
    <div className="ed-empty">
      <p>{t("Drag a module here, or click it.")}</p>
      <button type="button" className="ed-button" onClick={onTemplates}>
        {t("Start from a template")}
      </button>
    </div>
  );
}
