"""Which events go to which channels: written as deliveries, once each."""

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from alerts.events import AlertEvent, DeliveryStatus, QuietAction
from alerts.models import AlertChannel, AlertDelivery, AlertRule
from alerts.services.events import Event
from alerts.services.queueing import queue_send_on_commit
from etl.messages import say
from pipelines.models import Pipeline

# More than so many at once for one channel, by one rule, go as one message.
SINGLE_MESSAGES = 10
_LOCK = 0x10617DA7B

logger = logging.getLogger(__name__)


@transaction.atomic
def decide(events: Sequence[Event]) -> list[AlertDelivery]:
    """Write the deliveries that the active rules want of these events; return the new ones.

    They are sent once the transaction is committed. What is on record already is not written
    again, whoever decides at the same time.
    """
    if not events:
        return []
    one_at_a_time()
    now = timezone.now()
    wanted = [
        _delivery(rule, channel, event, now)
        for rule in active_rules()
        for event in events
        if wants(rule, event)
        for channel in rule.channels.all()
        if channel.is_active
    ]
    new = _not_on_record(wanted)
    _drop_repeated(new, now)
    _gather(new)
    AlertDelivery.objects.bulk_create(new, ignore_conflicts=True)
    # In their order: a failure before the recovery from it.
    queued = dict.fromkeys(d.batch for d in new if d.status == DeliveryStatus.QUEUED)
    queue_send_on_commit(list(queued))
    return new


def one_at_a_time() -> None:
    """Wait until no other transaction decides; repetitions are found by what it has written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def active_rules() -> list[AlertRule]:
    """Return the active rules with their scope and their channels."""
    rules = AlertRule.objects.filter(is_active=True)
    return list(rules.prefetch_related("pipelines", "owners", "channels"))


def wants(rule: AlertRule, event: Event) -> bool:
    """Return whether the rule wants to tell of the event."""
    # The scope last: of all that runs, little is too long.
    return event.kind in rule.events and _applies(rule, event) and covers(rule, event.pipeline)


def _applies(rule: AlertRule, event: Event) -> bool:
    if event.kind == AlertEvent.DEADLINE:
        return rule.deadline_seconds is not None and event.seconds > rule.deadline_seconds
    if event.kind == AlertEvent.SLOW:
        known = event.usual is not None and event.runs >= rule.slow_runs
        return known and event.seconds > rule.slow_factor * (event.usual or 0.0)
    if event.kind == AlertEvent.MISSED:
        is_new = event.at is not None and event.at > rule.created_at
        return is_new and event.seconds >= rule.missed_minutes * 60
    return True


def covers(rule: AlertRule, pipeline: Pipeline | None) -> bool:
    """Return whether the pipeline is in the rule's scope; one that is deleted is in the widest."""
    pipelines = {found.pk for found in rule.pipelines.all()}
    owners = {found.pk for found in rule.owners.all()}
    if pipeline is None:
        return not (rule.has_pipelines or rule.has_owners or rule.tags)
    return (
        (not rule.has_pipelines or pipeline.pk in pipelines)
        and (not rule.has_owners or pipeline.owner_id in owners)
        and (not rule.tags or bool(set(rule.tags) & set(pipeline.tags)))
    )


def _delivery(rule: AlertRule, channel: AlertChannel, event: Event, now: datetime) -> AlertDelivery:
    delivery = AlertDelivery(
        rule=rule,
        rule_name=rule.name,
        channel=channel,
        channel_name=channel.name,
        event=event.kind,
        key=event.key,
        pipeline=event.pipeline,
        pipeline_name=event.pipeline_name,
        execution_id=event.execution_id,
        execution_attempt=event.attempt,
        facts=_facts(rule, event),
        due_at=now,
    )
    until = quiet_until(rule, now)
    if until is not None and rule.quiet_action == QuietAction.DROP:
        delivery.status = DeliveryStatus.DROPPED
        delivery.error = say("Within the quiet hours of the rule.")
    elif until is not None:
        delivery.status, delivery.due_at = DeliveryStatus.HELD, until
    return delivery


def quiet_until(rule: AlertRule, now: datetime) -> datetime | None:
    """Return when the rule's quiet hours end, None outside of them."""
    try:
        return rule.quiet_hours.until(now) if rule.quiet_hours is not None else None
    except (ValueError, KeyError, TypeError):
        # A time zone that the system has lost, say: better at night than not at all.
        logger.exception("The quiet hours of rule '%s' cannot be read, and hold nothing", rule.name)
        return None


def _facts(rule: AlertRule, event: Event) -> dict[str, object]:
    judged: dict[str, object] = {}
    if event.kind == AlertEvent.DEADLINE:
        judged = {"seconds": event.seconds, "deadline_seconds": rule.deadline_seconds}
    elif event.kind == AlertEvent.SLOW:
        judged = {"seconds": event.seconds, "usual_seconds": event.usual, "runs": event.runs}
    return {**event.facts, **judged}


def _not_on_record(wanted: Iterable[AlertDelivery]) -> list[AlertDelivery]:
    wanted = list(wanted)
    known = set(
        AlertDelivery.objects.filter(key__in={delivery.key for delivery in wanted}).values_list(
            "rule", "channel", "key"
        )
    )
    return [d for d in wanted if (d.rule_id, d.channel_id, d.key) not in known]


def _drop_repeated(deliveries: list[AlertDelivery], now: datetime) -> None:
    """Drop what the same rule told of the same pipeline a short while ago, or tells just now."""
    told: set[tuple[object, ...]] = set()
    for delivery in deliveries:
        minutes = delivery.rule.repeat_minutes if delivery.rule is not None else 0
        if not minutes or delivery.status == DeliveryStatus.DROPPED:
            continue
        same = (delivery.rule_id, delivery.channel_id, delivery.pipeline_id, delivery.event)
        earlier = AlertDelivery.objects.filter(
            rule=delivery.rule,
            channel=delivery.channel,
            pipeline=delivery.pipeline,
            pipeline_name=delivery.pipeline_name,
            event=delivery.event,
            created_at__gt=now - timedelta(minutes=minutes),
        ).exclude(status=DeliveryStatus.DROPPED)
        if same in told or earlier.exists():
            delivery.status = DeliveryStatus.DROPPED
            delivery.error = say(
                "The same was told less than {minutes} minutes before.", minutes=minutes
            )
        told.add(same)


def _gather(deliveries: Iterable[AlertDelivery]) -> None:
    """Make one message of many for the same channel."""
    groups: dict[tuple[object, object], list[AlertDelivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.status == DeliveryStatus.QUEUED:
            groups[delivery.rule_id, delivery.channel_id].append(delivery)
    for group in groups.values():
        if len(group) > SINGLE_MESSAGES:
            batch = uuid.uuid4()
            for delivery in group:
                delivery.batch = batch
