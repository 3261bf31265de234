import { t } from "../shared/i18n";
import { StatusIcon } from "../shared/status-badge";
import { executionUrl } from "./actions";
import { moment } from "./format";
import { lastReplay } from "./state";
import { usePage, useShown } from "./store";

/** Where rejected rows were replayed last, of one node or of any; nothing where they never were. */
export function ReplaysOf({ node }: { node?: string }) {
  const { data } = usePage();
  const replays = useShown((shown) => shown.execution.replays);
  const now = useShown((shown) => Date.parse(shown.execution.server_time));
  const last = lastReplay(replays, node);
  if (last === undefined) return null;
  return (
    <span className="x-replayed">
      {t("Replayed in")} <StatusIcon status={last.status} />{" "}
      <a href={executionUrl(data.urls.execution, last.id)}>{t("the execution of {when}", { when: moment(last.created_at, now) })}</a>
    </span>
  );
}

/** The execution whose rejected rows this one replays. */
export function OriginOf() {
  const { data } = usePage();
  const origin = useShown((shown) => shown.execution.replay_of);
  if (origin === null) return null;
  return <a href={executionUrl(data.urls.execution, origin)}>{t("To the first execution")}</a>;
}
