import { useEffect, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { ApiError } from "../../shared/api";
import { language, t } from "../../shared/i18n";
import { getSchedule, type ScheduleAnswer } from "../server/calls";
import { formValue, onFormChange } from "./form";

const WAIT_MS = 300;

/** A place beside the page's schedule field; null where the page has none that can be typed into. */
function placeBeside(): HTMLElement | null {
  const field = document.getElementById("id_schedule");
  if (!field) return null;
  const place = document.createElement("div");
  place.className = "ed ed-schedule";
  // In a row with its label the field has no room beside it.
  (field.closest(".flex-container") ?? field).insertAdjacentElement("afterend", place);
  return place;
}

/** What the schedule means, in words, and when it comes next, beside its field. */
export function ScheduleHint(): ReactNode {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const [shown, setShown] = useState<{ answer: ScheduleAnswer | null; problem: string }>({ answer: null, problem: "" });
  useEffect(() => {
    const made = placeBeside();
    setPlace(made);
    let stop = new AbortController();
    let timer = 0;
    const look = (wait: number) => {
      stop.abort();
      clearTimeout(timer);
      stop = new AbortController();
      const { signal } = stop;
      timer = window.setTimeout(() => void explain(signal, setShown), wait);
    };
    if (made) look(0);
    const off = onFormChange(["schedule", "timezone"], () => look(WAIT_MS));
    return () => {
      off();
      stop.abort();
      clearTimeout(timer);
      made?.remove();
    };
  }, []);
  if (!place) return null;
  const zone = formValue("timezone") || "UTC";
  return createPortal(
    <div aria-live="polite">
      {shown.problem && <p className="ed-problem">{shown.problem}</p>}
      {shown.answer && (
        <>
          <p className="ed-schedule-words">{shown.answer.words}</p>
          {shown.answer.next.length > 0 && (
            <p className="ed-help">
              {t("Next, in {zone}:", { zone })} {shown.answer.next.map((time) => shortTime(time, zone)).join(" · ")}
            </p>
          )}
        </>
      )}
    </div>,
    place,
  );
}

async function explain(
  signal: AbortSignal,
  show: (shown: { answer: ScheduleAnswer | null; problem: string }) => void,
): Promise<void> {
  try {
    const answer = await getSchedule(formValue("schedule").trim(), formValue("timezone") || "UTC", language, signal);
    show({ answer, problem: "" });
  } catch (error) {
    if (signal.aborted || !(error instanceof ApiError)) return;
    show({ answer: null, problem: error.problems[0]?.message ?? error.message });
  }
}

function shortTime(time: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat(language, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  });
  return format.format(new Date(time));
}
