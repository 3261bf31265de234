import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { t } from "../shared/i18n";
import { Attempts } from "./attempts";
import { Details } from "./details";
import { GraphView } from "./graph-view";
import { Header } from "./header";
import { Lineage } from "./lineage";
import { NodePanel } from "./node-panel";
import { NodesTable } from "./nodes-table";
import { usePage, useShown } from "./store";
import { type Tab, Tabs } from "./tabs";
import { Timeline } from "./timeline";
import { useTitle } from "./title";

type View = "graph" | "timeline" | "nodes" | "attempts" | "details" | "lineage";

/** The page of one execution. */
export function ExecutionPage() {
  const [view, setView] = useState<View>("graph");
  const node = useShown((shown) => shown.node);
  const attempts = useShown((shown) => shown.execution.attempts.length);
  const body = useRef<HTMLDivElement>(null);
  useRestOfWindow(body);
  useWaking();
  useTitle();

  const tabs: Tab<View>[] = [
    { key: "graph", label: t("Graph") },
    { key: "timeline", label: t("Timeline") },
    { key: "nodes", label: t("Nodes") },
    { key: "attempts", label: attempts > 1 ? <>{t("Attempts")} <span className="x-count">{attempts}</span></> : t("Attempts") },
    { key: "lineage", label: t("Lineage") },
    { key: "details", label: t("Params and details") },
  ];
  return (
    <div className="x-page">
      <Header />
      <div className="x-body" ref={body}>
        <section className="x-main">
          <Tabs<View> label={t("Execution")} tabs={tabs} chosen={view} onChoose={setView}>
            {view === "graph" && <GraphView />}
            {view === "timeline" && <Timeline />}
            {view === "nodes" && <NodesTable />}
            {view === "attempts" && <Attempts />}
            {view === "lineage" && <Lineage />}
            {view === "details" && <Details />}
          </Tabs>
        </section>
        {node !== null && <NodePanel id={node} />}
      </div>
    </div>
  );
}

/** Give the body what the window has left below the header, so that only its parts scroll. */
function useRestOfWindow(body: React.RefObject<HTMLDivElement | null>) {
  useLayoutEffect(() => {
    const element = body.current;
    if (!element) return undefined;
    const measure = () => {
      const top = element.getBoundingClientRect().top + window.scrollY;
      element.style.setProperty("--x-top", `${Math.round(top)}px`);
    };
    const observer = new ResizeObserver(measure);
    if (element.previousElementSibling) observer.observe(element.previousElementSibling);
    window.addEventListener("resize", measure);
    measure();
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, [body]);
}

/** Reconnect at once when the reader, or the network, comes back. */
function useWaking() {
  const { wake } = usePage();
  useEffect(() => {
    const onVisible = () => document.visibilityState === "visible" && wake();
    document.addEventListener("visibilitychange", onVisible);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", wake);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("online", wake);
      window.removeEventListener("pageshow", wake);
    };
  }, [wake]);
}
