import { useEffect, useState } from "react";
import { t } from "../shared/i18n";
import { useAnswer } from "./answer";
import { moment } from "./format";
import { type Delivery, Requests } from "./requests";
import { usePage, useShown } from "./store";
import { alertEvent, alertStatus } from "./words";

const LOOK_AGAIN = 5000;

/** The alerts that told of this execution; nothing where there are none. */
export function Alerts() {
  const { data } = usePage();
  const status = useShown((shown) => shown.execution.status);
  const attempts = useShown((shown) => shown.execution.attempts.length);
  const now = useShown((shown) => Date.parse(shown.execution.server_time));
  const [look, setLook] = useState(0);
  const key = [data.execution_id, status, attempts, look].join(" ");
  const answer = useAnswer(key, (signal) => new Requests(data.execution_id).alerts(signal));
  const refused = answer.is === "refused" ? answer.why : null;
  const found = answer.is === "there" ? answer.value : [];
  const isUnderWay = found.some((delivery) => delivery.status === "queued");
  useEffect(() => {
    if (!isUnderWay) return undefined;
    const timer = setInterval(() => setLook((looks) => looks + 1), LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [isUnderWay]);
  if (refused !== null) return <p className="x-note is-error">{refused}</p>;
  if (found.length === 0) return null;
  return (
    <>
      <h2>{t("Alerts")}</h2>
      <table className="x-table">
        <thead>
          <tr>
            <th scope="col">{t("At")}</th>
            <th scope="col">{t("What")}</th>
            <th scope="col">{t("Channel")}</th>
            <th scope="col">{t("Rule")}</th>
            <th scope="col">{t("What became of it")}</th>
          </tr>
        </thead>
        <tbody>
          {found.map((delivery) => (
            <Row key={delivery.id} delivery={delivery} now={now} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function Row({ delivery, now }: { delivery: Delivery; now: number }) {
  return (
    <tr>
      <th scope="row">{moment(delivery.sent_at ?? delivery.created_at, now)}</th>
      <td>{alertEvent(delivery.event)}</td>
      <td>{delivery.channel_name}</td>
      <td>{delivery.rule_name}</td>
      <td className={delivery.status === "failed" ? "is-bad is-long" : "is-long"}>
        {[alertStatus(delivery.status), delivery.error].filter(Boolean).join(": ")}
      </td>
    </tr>
  );
}
