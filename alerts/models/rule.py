"""Which events go to which channels."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.signals import m2m_changed
from django.utils.translation import gettext_lazy as _

from alerts.events import RULE_EVENTS, AlertEvent, QuietAction
from alerts.models.channel import AlertChannel
from alerts.quiet_hours import QuietHours
from pipelines.models import Pipeline
from pipelines.services.fields import timezones


class AlertRule(models.Model):
    """Which events of which pipelines go to which channels, and when rather not."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    events = models.JSONField(
        _("events"), default=list, help_text=_("What to tell of; at least one.")
    )
    channels = models.ManyToManyField(
        AlertChannel, related_name="rules", verbose_name=_("channels"), blank=True
    )
    pipelines = models.ManyToManyField(
        Pipeline,
        blank=True,
        related_name="+",
        verbose_name=_("pipelines"),
        help_text=_("Only these. None chosen means any."),
    )
    tags = models.JSONField(
        _("tags"),
        default=list,
        blank=True,
        help_text=_("Only pipelines with one of these tags. None means any."),
    )
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="+",
        verbose_name=_("owners"),
        help_text=_("Only pipelines that one of these made. None chosen means any."),
    )
    slow_factor = models.FloatField(
        _("times longer than usual"),
        default=1.5,
        validators=[MinValueValidator(1.0), MaxValueValidator(1000.0)],
        help_text=_(
            "Longer than usual is longer than so many times what 95 % of the pipeline's last "
            "successes took at most."
        ),
    )
    slow_runs = models.PositiveIntegerField(
        _("known runs"),
        default=10,
        validators=[MinValueValidator(2), MaxValueValidator(100)],
        help_text=_("What is usual is known from so many successes on."),
    )
    deadline_seconds = models.FloatField(
        _("deadline in seconds"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1.0)],
        help_text=_("Counted from when the execution was asked for, waiting included."),
    )
    missed_minutes = models.PositiveIntegerField(
        _("minutes after a missed schedule"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(10_080)],
        help_text=_("A scheduled run that has not begun so long after it was due is missed."),
    )
    repeat_minutes = models.PositiveIntegerField(
        _("minutes before a repetition"),
        default=0,
        validators=[MaxValueValidator(10_080)],
        help_text=_(
            "The same event of the same pipeline is not told again for so long; 0 tells of each."
        ),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(
        _("quiet until"),
        null=True,
        blank=True,
        help_text=_("Before the beginning: on the next day. The same: a whole day."),
    )
    quiet_timezone = models.CharField(_("time zone of quiet hours"), max_length=64, default="UTC")
    quiet_weekdays = models.JSONField(
        _("weekdays of quiet hours"),
        default=list,
        blank=True,
        help_text=_("On which days they begin, 0 for Monday to 6 for Sunday. None means all."),
    )
    quiet_action = models.CharField(
        _("in quiet hours"), max_length=8, choices=QuietAction, default=QuietAction.HOLD
    )
    # Whether pipelines and owners were chosen: when all of those are deleted, the rule is about
    # none, and not suddenly about any.
    has_pipelines = models.BooleanField(default=False, editable=False)
    has_owners = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def quiet_hours(self) -> QuietHours | None:
        """When nothing is sent; None for never."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return QuietHours(
            self.quiet_from, self.quiet_to, self.quiet_timezone, frozenset(self.quiet_weekdays)
        )

    def clean(self) -> None:
        """Raise ValidationError with every field that does not fit."""
        problems = {
            name: message for name, message in self._problems().items() if message is not None
        }
        if problems:
            raise ValidationError(problems)

    def _problems(self) -> dict[str, Any]:
        wants_deadline = AlertEvent.DEADLINE in (self.events or [])
        half = (self.quiet_from is None) != (self.quiet_to is None)
        hours = self.quiet_hours if _are_weekdays(self.quiet_weekdays) and not half else None
        return {
            "events": self._events_problem(),
            "tags": None if _is_list(self.tags, str) else _("Write a list of texts."),
            "deadline_seconds": _("Say after how many seconds, or leave the deadline out.")
            if wants_deadline and self.deadline_seconds is None
            else None,
            "quiet_to": _("Quiet hours need both a beginning and an end.") if half else None,
            "quiet_timezone": None
            if self.quiet_timezone in timezones()
            else _("There is no such time zone. Write one such as Europe/Paris."),
            "quiet_weekdays": self._weekday_problem(hours),
        }

    def _events_problem(self) -> Any:
        known = {value for value, _label in RULE_EVENTS}
        if self.events == []:
            return _("Choose at least one event.")
        if not _is_list(self.events, str) or not set(self.events) <= known:
            return _("Choose among: %(events)s.") % {"events": ", ".join(sorted(known))}
        return None

    def _weekday_problem(self, hours: QuietHours | None) -> Any:
        if not _are_weekdays(self.quiet_weekdays):
            return _("Write a list of numbers from 0 for Monday to 6 for Sunday.")
        if hours is not None and hours.never_end:
            return _("These quiet hours never end. Choose fewer weekdays, or fewer hours.")
        return None


def _note_scope(instance: AlertRule, action: str, model: type[models.Model], **_: Any) -> None:
    """Note whether pipelines or owners are chosen, whenever someone chooses."""
    if action in {"post_add", "post_remove", "post_clear"} and isinstance(instance, AlertRule):
        name = "pipelines" if model is Pipeline else "owners"
        chosen = getattr(instance, name).exists()
        setattr(instance, f"has_{name}", chosen)
        AlertRule.objects.filter(pk=instance.pk).update(**{f"has_{name}": chosen})


# Deleting what was chosen sends none of these.
m2m_changed.connect(_note_scope, sender=AlertRule.pipelines.through)
m2m_changed.connect(_note_scope, sender=AlertRule.owners.through)


def _is_list(value: object, of: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, of) for item in value)


def _are_weekdays(value: object) -> bool:
    return (
        isinstance(value, list)
        and all(type(item) is int for item in value)
        and set(value) <= set(range(7))
    )
