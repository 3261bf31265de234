import { useEffect } from "react";
import { ApiError } from "../../shared/api";
import { useDoc, useEditor } from "../store";
import type { Doc } from "../model/graph";
import { check } from "./calls";

const WAIT_MS = 300;
const AGAIN_MS = 1000;
const MOST_AGAIN = 15;
const AFTER_FAILURE_MS = 5000;

/** Have the server check what is drawn by one who may change it, a moment after every change. */
export function useCheck(): void {
  const doc = useDoc();
  const pipeline = useEditor((state) => state.pipeline);
  const mayChange = useEditor((state) => state.mayChange);
  useEffect(() => (mayChange ? watchDoc(pipeline, doc) : undefined), [doc, pipeline, mayChange]);
}

/** Have a document checked in a moment; the returned function gives up on it. */
export function watchDoc(pipeline: string | null, doc: Doc): () => void {
  const stop = new AbortController();
  useEditor.setState({ checking: "waiting" });
  const timer = setTimeout(() => void ask(pipeline, doc, stop.signal), WAIT_MS);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}

async function ask(pipeline: string | null, doc: Doc, signal: AbortSignal): Promise<void> {
  for (let times = 0; times < MOST_AGAIN; ) {
    let wait = AGAIN_MS;
    try {
      const answer = await check(pipeline, doc, signal);
      if (signal.aborted) return;
      useEditor.getState().setChecked(answer);
      if (answer.complete ?? true) return;
      // A source is still being asked for its columns.
      times += 1;
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof ApiError ? error.message : String(error);
      useEditor.setState({ checking: "failed", checkFailure: reason });
      if (!mayPass(error)) return;
      wait = AFTER_FAILURE_MS;
    }
    await new Promise((done) => setTimeout(done, wait));
    if (signal.aborted) return;
  }
}

/** Whether a failure may be over in a moment: no answer came, or none of LogiData itself. */
function mayPass(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
