import { useEffect } from "react";
import { statusWord } from "../shared/status";
import { useShown } from "./store";

const asWritten = document.title;

/** Tell the status in the title of the browser's tab, so that it is seen from another one. */
export function useTitle(): void {
  const status = useShown((shown) => shown.execution.status);
  useEffect(() => {
    document.title = `${statusWord(status)} · ${asWritten}`;
  }, [status]);
}
