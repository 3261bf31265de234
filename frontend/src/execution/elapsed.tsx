import { useNow } from "./clock";
import { duration, running } from "./format";
import { useShown } from "./store";

/** How long something took, or has been running by the server's clock. */
export function Elapsed({ since, seconds, isRunning }: { since: string | null; seconds: number | null; isRunning: boolean }) {
  return isRunning && since !== null ? <Running since={since} /> : <>{duration(seconds)}</>;
}

function Running({ since }: { since: string }) {
  const offset = useShown((shown) => shown.offset);
  const now = useNow(true);
  return <>{running((now + (offset ?? 0) - Date.parse(since)) / 1000)}</>;
}
