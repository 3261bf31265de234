"""The words of an alert: a subject, and what stands below it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from alerts.events import AlertEvent
from alerts.models import AlertDelivery
from alerts.services.dialects import PLAIN, Plain, label
from alerts.services.facts import ERROR_LENGTH
from pipelines.durations import duration

SUCCESS, INFO, WARNING, FAILURE = "success", "info", "warning", "failure"
_SEVERITY = {
    AlertEvent.FAILURE: FAILURE,
    AlertEvent.MISSED: FAILURE,
    AlertEvent.RECOVERY: SUCCESS,
    AlertEvent.TEST: INFO,
}
# How long an error is, and how many of a digest are listed: less where a service takes less.
_DETAILS = ((ERROR_LENGTH, 20), (300, 10), (120, 5), (40, 1))


@dataclass(frozen=True)
class Message:
    """What is sent, before it is written as a service wants it.

    `facts` and `errors` are names with texts, `items` of a digest are when, subject and address.
    `fields` are for programs: a webhook gets them beside the text. It is in the `language` of its
    channel.
    """

    subject: str
    severity: str
    fields: dict[str, str]
    language: str
    facts: tuple[tuple[str, str], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str, str], ...] = ()
    link: str = ""

    @property
    def text(self) -> str:
        """The whole as plain text."""
        return self.written(PLAIN)

    def written(self, dialect: Plain, limit: int | None = None) -> str:
        """Return it in a dialect, within so many characters if shorter errors and lists suffice."""
        for error_length, listed in _DETAILS:
            with override(self.language):
                text = self._written(dialect, error_length, listed)
            if limit is None or len(text) <= limit:
                break
        return text

    def _written(self, dialect: Plain, error_length: int, listed: int) -> str:
        lines = [dialect.fact(name, value) for name, value in self.facts]
        lines += [dialect.item(*item) for item in self.items[:listed]]
        if len(self.items) > listed:
            rest = _("and %(count)d more") % {"count": len(self.items) - listed}
            lines.append(f"{dialect.bullet} {rest}")
        parts = ["\n".join(lines)]
        parts += [dialect.block(title, _cut(text, error_length)) for title, text in self.errors]
        if self.link:
            parts.append(dialect.closing(_("Open in LogiData"), self.link))
        return "\n\n".join(parts)


def message_of(deliveries: Sequence[AlertDelivery]) -> Message:
    """Return the message of a batch: of one delivery in full, of several as a digest."""
    channel = deliveries[0].channel
    with override(channel.language if channel is not None else settings.LANGUAGE_CODE):
        return _single(deliveries[0]) if len(deliveries) == 1 else _digest(deliveries)


def subject_of(delivery: AlertDelivery) -> str:
    """Return one line that says what has happened."""
    facts, values = delivery.facts, {"pipeline": delivery.pipeline_name}
    event = delivery.event
    if event == AlertEvent.FAILURE:
        return _("%(pipeline)s failed") % values
    if event == AlertEvent.RECOVERY:
        return _("%(pipeline)s succeeds again") % values
    if event == AlertEvent.QUARANTINE:
        rows = int(facts.get("rows_rejected") or 0)
        return ngettext(
            "%(pipeline)s succeeded, with %(rows)d rejected row",
            "%(pipeline)s succeeded, with %(rows)d rejected rows",
            rows,
        ) % {**values, "rows": rows}
    if event == AlertEvent.SLOW:
        return _("%(pipeline)s takes longer than usual") % values
    if event == AlertEvent.DEADLINE:
        return _("%(pipeline)s takes longer than its deadline") % values
    if event == AlertEvent.MISSED:
        return _("%(pipeline)s did not run when due") % values
    return _("Test of the channel %(channel)s") % {"channel": delivery.channel_name}


def link_of(delivery: AlertDelivery) -> str:
    """Return the address of the page that shows it; empty where there is none, or no public URL."""
    root = settings.LOGIDATA_PUBLIC_URL
    if root and delivery.execution_id is not None:
        path = reverse("admin:executions_pipelineexecution_change", args=[delivery.execution_id])
    elif root and delivery.pipeline_id is not None:
        path = reverse("admin:pipelines_pipeline_change", args=[delivery.pipeline_id])
    else:
        return ""
    return f"{root}{path}"


def _single(delivery: AlertDelivery) -> Message:
    link = link_of(delivery)
    return Message(
        subject=_one_line(subject_of(delivery)),
        severity=_SEVERITY.get(AlertEvent(delivery.event), WARNING),
        fields=_fields(delivery, link),
        language=get_language() or settings.LANGUAGE_CODE,
        facts=tuple((name, _one_line(value)) for name, value in _lines(delivery)),
        errors=tuple(_errors(delivery.told_facts)),
        link=link,
    )


def _digest(deliveries: Sequence[AlertDelivery]) -> Message:
    count, first = len(deliveries), deliveries[0]
    subject = ngettext("%(count)d alert", "%(count)d alerts", count) % {"count": count}
    severities = {_SEVERITY.get(AlertEvent(d.event), WARNING) for d in deliveries}
    return Message(
        subject=f"{label(subject)} {first.rule_name}" if first.rule_name else subject,
        severity=next(one for one in (FAILURE, WARNING, SUCCESS, INFO) if one in severities),
        fields={"event": "digest", "delivery": str(first.batch), "count": str(count)},
        language=get_language() or settings.LANGUAGE_CODE,
        items=tuple(
            (_moment(one.created_at), _one_line(subject_of(one)), link_of(one))
            for one in deliveries
        ),
    )


def _lines(delivery: AlertDelivery) -> Iterator[tuple[str, str]]:
    facts = delivery.told_facts
    if delivery.event == AlertEvent.TEST:
        yield _("Channel"), delivery.channel_name
        yield _("Result"), _("Alerts of LogiData reach this channel.")
        return
    yield _("Pipeline"), delivery.pipeline_name
    if facts.get("status"):
        yield _("Status"), _status(facts)
    yield from _about_time(facts)
    if facts.get("rows_rejected"):
        yield _("Rejected rows"), str(facts["rows_rejected"])
    if facts.get("started_at"):
        yield _("Started"), _moment(datetime.fromisoformat(facts["started_at"]))
    if facts.get("duration_seconds") is not None:
        yield _("Duration"), duration(facts["duration_seconds"])
    if facts.get("reason"):
        yield _("Reason"), facts["reason"]
    if delivery.rule_name:
        yield _("Rule"), delivery.rule_name


def _status(facts: dict[str, Any]) -> str:
    if int(facts.get("attempt") or 1) > 1:
        return _("%(status)s (attempt %(attempt)d)") % {
            "status": _(facts["status"]),
            "attempt": facts["attempt"],
        }
    return _(facts["status"])


def _about_time(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if facts.get("usual_seconds") is not None:
        yield _("So far"), duration(facts["seconds"])
        yield (
            _("Usual"),
            _("at most %(usual)s (95 %% of the last %(runs)d successes)")
            % {"usual": duration(facts["usual_seconds"]), "runs": facts["runs"]},
        )
    if facts.get("deadline_seconds") is not None:
        yield _("So far"), duration(facts["seconds"])
        yield _("Deadline"), duration(facts["deadline_seconds"])
    if facts.get("due_at"):
        zone = ZoneInfo(facts.get("timezone") or "UTC")
        due = datetime.fromisoformat(facts["due_at"]).astimezone(zone)
        yield _("Due"), f"{due:%Y-%m-%d %H:%M} ({zone.key})"
        yield _("Schedule"), str(facts.get("schedule", ""))


def _errors(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for node in facts.get("nodes") or ():
        title = _("Node %(node)s") % {"node": node["node"]}
        yield (
            title,
            node["error"] or _("It gave no reason. Its log may say more."),
        )
    if facts.get("error"):
        yield _("Error"), facts["error"]
    if facts.get("more_nodes"):
        yield _("More"), _("Further nodes failed.")


def _fields(delivery: AlertDelivery, link: str) -> dict[str, str]:
    fields = {
        "event": delivery.event,
        "delivery": str(delivery.batch),
        "pipeline": delivery.pipeline_name,
        "pipeline_id": str(delivery.pipeline_id or ""),
        "execution": str(delivery.execution_id or ""),
        "status": str(delivery.facts.get("status") or ""),
        "attempt": str(delivery.execution_attempt or ""),
        "rule": delivery.rule_name,
        "link": link,
    }
    return {name: value for name, value in fields.items() if value}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length].rstrip()}…"
