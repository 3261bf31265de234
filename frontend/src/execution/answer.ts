import { useEffect, useState } from "react";
import { refusal } from "./requests";

export type Answer<T> = { is: "waiting" } | { is: "refused"; why: string } | { is: "there"; value: T };

/** Ask once for each `key`; what was asked before and comes late is dropped. */
export function useAnswer<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [known, setKnown] = useState<{ key: string; answer: Answer<T> }>({ key: "", answer: { is: "waiting" } });
  useEffect(() => {
    const abort = new AbortController();
    ask(abort.signal).then(
      (value) => !abort.signal.aborted && setKnown({ key, answer: { is: "there", value } }),
      (error: unknown) => !abort.signal.aborted && setKnown({ key, answer: { is: "refused", why: refusal(error) } }),
    );
    return () => abort.abort();
    // `ask` is another function at every drawing; `key` says when it asks for something else.
  }, [key]);
  return known.key === key || known.answer.is === "there" ? known.answer : { is: "waiting" };
}
