import { useEffect, useState } from "react";
import { usePage, useShown } from "./store";
import { components, whyItWaits } from "./waiting";

// Most executions begin within a second or two, and nobody need be asked about those.
const PATIENCE = 4_000;
const EVERY = 10_000;

/** Why the execution waits, once it has waited for longer than usual. */
export function WaitingNote() {
  const { store } = usePage();
  const isPending = useShown((shown) => shown.execution.status === "pending");
  const reason = useShown((shown) => shown.execution.status_reason);
  const [why, setWhy] = useState("");

  useEffect(() => {
    setWhy("");
    if (!isPending) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    async function look() {
      // Where LogiData does not answer, the sign of the line says so.
      const found = await components(abort.signal).catch(() => null);
      if (abort.signal.aborted) return;
      setWhy(found === null ? "" : whyItWaits(store.get().execution, found));
      timer = setTimeout(() => void look(), EVERY);
    }
    timer = setTimeout(() => void look(), PATIENCE);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [store, isPending, reason]);

  return why === "" ? null : <p className="x-note">{why}</p>;
}
