import { useEffect, useState } from "react";
import { carry } from "../model/carried";
import { readGraph } from "../model/json";
import { forget, keep, offered, type Unsaved } from "../model/unsaved";
import { formValue, onSubmit, writeDoc } from "../page/form";
import { onSettingsChange, pageSettings, writeSettings } from "../page/settings";
import { createdSince } from "../server/calls";
import { isUnsaved, useDoc, useEditor } from "../store";

const KEEP_AFTER_MS = 400;
const WRITE_AFTER_MS = 150;

/** Keep the hidden fields of the page's form in step with the canvas. */
export function useFormInStep(): void {
  const doc = useDoc();
  const saved = useEditor((state) => state.saved);
  const brokenText = useEditor((state) => state.brokenText);
  const touched = useEditor((state) => state.history.past.length + state.history.future.length > 0);
  useEffect(() => {
    // Before anything is changed the form is as the page gave it.
    if (!touched && doc === saved && !brokenText) return undefined;
    const write = () => writeDoc(doc, brokenText?.text);
    // To write a long text with every letter would make typing slow; in time for the form to be sent it is done.
    const timer = setTimeout(write, WRITE_AFTER_MS);
    const off = onSubmit(write);
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [doc, saved, brokenText, touched]);
}

/** Keep unsaved work in the browser, and warn before the page is left with it. */
export function useKeptWork(): void {
  const pipeline = useEditor((state) => state.pipeline);
  const doc = useDoc();
  const saved = useEditor((state) => state.saved);
  const brokenText = useEditor((state) => state.brokenText);
  useEffect(() => {
    if (doc === saved && !brokenText) return undefined;
    const timer = setTimeout(() => keep(localStorage, pipeline, present()), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [doc, saved, brokenText, pipeline]);
  useEffect(() => {
    let timer = 0;
    const off = onSettingsChange(() => {
      clearTimeout(timer);
      timer = window.setTimeout(() => keep(localStorage, pipeline, present()), KEEP_AFTER_MS);
    });
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [pipeline]);
  useEffect(() => {
    let sent = false;
    const warn = (event: BeforeUnloadEvent) => {
      if (sent || !isUnsaved(useEditor.getState())) return;
      // What was changed a moment ago is not kept yet.
      keep(localStorage, pipeline, present());
      event.preventDefault();
    };
    const off = onSubmit(() => {
      sent = true;
      useEditor.getState().faceAll();
      // Whether it arrives only the next page tells.
      keep(localStorage, pipeline, { ...present(), sent: true });
      carry(sessionStorage, pipeline, useEditor.getState().history);
    });
    window.addEventListener("beforeunload", warn);
    return () => {
      off();
      window.removeEventListener("beforeunload", warn);
    };
  }, [pipeline]);
}

/** What there is to be kept now. */
function present(): Unsaved {
  const { history, brokenText } = useEditor.getState();
  const text = brokenText ? { text: brokenText.text } : {};
  const seen = formValue("seen") || null;
  return { doc: history.present, ...text, settings: pageSettings(), at: new Date().toISOString(), seen, sent: false };
}

/** Return the work of an earlier visit, if there is some to offer, and how to answer the offer. */
export function useOffer(seen: string | null): { offer: Unsaved | null; restore: () => void; discard: () => void } {
  const pipeline = useEditor((state) => state.pipeline);
  const [found] = useState(() => {
    const doc = useEditor.getState().history.present;
    return offered(localStorage, pipeline, { doc, settings: pageSettings(), seen });
  });
  // A new pipeline that was sent has a page of its own now, if it arrived.
  const isDoubtful = found !== null && found.sent && pipeline === null;
  const [offer, setOffer] = useState(isDoubtful ? null : found);
  useEffect(() => {
    if (!found || !isDoubtful) return;
    createdSince(String(found.settings?.name ?? ""), found.at).then(
      (arrived) => (arrived ? forget(localStorage, null) : setOffer(found)),
      () => setOffer(found),
    );
  }, [found, isDoubtful]);
  return {
    offer,
    restore: () => {
      if (offer) take(offer);
      setOffer(null);
    },
    discard: () => {
      forget(localStorage, pipeline);
      setOffer(null);
    },
  };
}

function take({ doc, text, settings }: Unsaved): void {
  const { editDoc, setBrokenText, show } = useEditor.getState();
  editDoc(() => doc);
  if (settings) writeSettings(settings);
  const problem = text === undefined ? null : readGraph(text).problem;
  if (text === undefined || !problem) return;
  setBrokenText({ text, problem });
  show("json");
}
