import { useEffect, useState } from "react";
import { forget, keep, markSent, offered, type Unsaved } from "../model/unsaved";
import { onSubmit, writeDoc } from "../page/form";
import { isUnsaved, useDoc, useEditor } from "../store";

const KEEP_AFTER_MS = 400;

/** Keep the hidden fields of the page's form in step with the canvas. */
export function useFormInStep(): void {
  const doc = useDoc();
  const saved = useEditor((state) => state.saved);
  const brokenText = useEditor((state) => state.brokenText);
  const touched = useEditor((state) => state.history.past.length + state.history.future.length > 0);
  useEffect(() => {
    // Before anything is changed the form is as the page gave it.
    if (!touched && doc === saved && !brokenText) return;
    writeDoc(doc, brokenText?.text);
  }, [doc, saved, brokenText, touched]);
}

/** Keep unsaved work in the browser, and warn before the page is left with it. */
export function useKeptWork(): void {
  const pipeline = useEditor((state) => state.pipeline);
  const doc = useDoc();
  const saved = useEditor((state) => state.saved);
  useEffect(() => {
    if (doc === saved) return undefined;
    const work: Unsaved = { doc, at: new Date().toISOString(), sent: false };
    const timer = setTimeout(() => keep(localStorage, pipeline, work), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [doc, saved, pipeline]);
  useEffect(() => {
    let sent = false;
    const warn = (event: BeforeUnloadEvent) => {
      if (!sent && isUnsaved(useEditor.getState())) event.preventDefault();
    };
    const off = onSubmit(() => {
      sent = true;
      const { history, saved: last, faceAll } = useEditor.getState();
      faceAll();
      if (history.present !== last) {
        keep(localStorage, pipeline, { doc: history.present, at: new Date().toISOString(), sent: false });
      }
      markSent(localStorage, pipeline);
    });
    window.addEventListener("beforeunload", warn);
    return () => {
      off();
      window.removeEventListener("beforeunload", warn);
    };
  }, [pipeline]);
}

/** Return the work of an earlier visit, if there is some to offer, and how to answer the offer. */
export function useOffer(): { offer: Unsaved | null; restore: () => void; discard: () => void } {
  const pipeline = useEditor((state) => state.pipeline);
  const [offer, setOffer] = useState<Unsaved | null>(() => {
    const [entry] = performance.getEntriesByType("navigation");
    const type = (entry as PerformanceNavigationTiming | undefined)?.type;
    return offered(localStorage, pipeline, useEditor.getState().history.present, type !== "navigate");
  });
  return {
    offer,
    restore: () => {
      if (offer) useEditor.getState().editDoc(() => offer.doc);
      setOffer(null);
    },
    discard: () => {
      forget(localStorage, pipeline);
      setOffer(null);
    },
  };
}
