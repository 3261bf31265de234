"""What the packages show in the admin, in its look: periodic tasks, and people.

When a periodic task runs is for operators, what it runs for superusers.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as AnyGroupAdmin
from django.contrib.auth.admin import UserAdmin as AnyUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django_celery_beat.admin import ClockedScheduleAdmin as AnyClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as AnyCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as AnyPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, PeriodicTaskInline, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from kombu.exceptions import OperationalError as BrokerError
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from logidata import token_admin  # noqa: F401 - registers what it has
from pipelines.errors import InvalidSchedule
from pipelines.services import explain_schedule

for model in (
    *(PeriodicTask, ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule),
    *(User, Group),
):
    admin.site.unregister(model)


if TYPE_CHECKING:
    # Generic for type checkers only.
    _UserAdmin = AnyUserAdmin[User]
else:
    _UserAdmin = AnyUserAdmin


@admin.register(User)
class UserAdmin(_UserAdmin, ModelAdmin):
    """Who may sign in, and what they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    # Without the second part, who was just added could not do anything here.
    add_fieldsets = (
        *AnyUserAdmin.add_fieldsets,
        (gettext_lazy("What they may do"), {"fields": ("is_staff", "groups")}),
    )
    change_password_form = AdminPasswordChangeForm

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose that a colleague may use the console."""
        return {"is_staff": True, **super().get_changeform_initial_data(request)}


@admin.register(Group)
class GroupAdmin(AnyGroupAdmin, ModelAdmin):
    """Permissions that several people share."""


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The choice of a registered task."""


class AnyTaskForm(PeriodicTaskForm):
    """A periodic task of any kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "task" in self.fields:
            self.fields["task"].widget = UnfoldAdminTextInputWidget()
        if "regtask" in self.fields:
            self.fields["regtask"].widget = TaskSelect()


def _in_words(plan: CrontabSchedule) -> str:
    """Return when a crontab comes, in the reader's language; as it is, where there are no words."""
    cron = f"{plan.minute} {plan.hour} {plan.day_of_month} {plan.month_of_year} {plan.day_of_week}"
    zone = str(plan.timezone)
    try:
        words = explain_schedule(cron, zone, get_language() or "en").words
    except InvalidSchedule:
        return str(plan)
    return f"{words} ({zone})"


class TasksOfSchedule(PeriodicTaskInline, TabularInline):
    """The periodic tasks that follow a schedule."""


@admin.register(IntervalSchedule, SolarSchedule)
class ScheduleAdmin(ModelAdmin):
    """When periodic tasks run."""

    inlines = (TasksOfSchedule,)


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(AnyClockedScheduleAdmin, ModelAdmin):
    """A moment at which a periodic task runs."""

    inlines = (TasksOfSchedule,)


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(AnyCrontabScheduleAdmin, ModelAdmin):
    """When periodic tasks run, as cron has it."""

    inlines = (TasksOfSchedule,)
    list_display = ("planned", "minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    fields = (
        *("planned", "minute", "hour", "day_of_month", "month_of_year", "day_of_week"),
        "timezone",
    )
    readonly_fields = ("planned",)

    @admin.display(description=gettext_lazy("Schedule"))
    def planned(self, plan: CrontabSchedule) -> str:
        """Return when it comes, in words."""
        return _in_words(plan)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(AnyPeriodicTaskAdmin, ModelAdmin):
    """Periodic tasks.

    A task can be any of ours with any arguments: choosing one would go round the permissions to
    execute pipelines and to cancel executions.
    """

    form = AnyTaskForm
    # None lies ahead or behind: a row of months over the list would only be in the way.
    date_hierarchy = None
    schedule_fields = ("enabled", "interval", "crontab")
    list_display = ("translated_name", "enabled", "planned", "last_run")
    list_filter = ("enabled",)
    list_select_related = ("interval", "crontab", "solar", "clocked")
    ordering = ("name",)

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def translated_name(self, task: PeriodicTask) -> str:
        """Return the name; of those of ours in the reader's language."""
        return _(task.name)

    @admin.display(description=gettext_lazy("Schedule"))
    def planned(self, task: PeriodicTask) -> str:
        """Return when it runs, in words."""
        if task.crontab is not None:
            return _in_words(task.crontab)
        return str(task.interval or task.solar or task.clocked)

    @admin.display(description=gettext_lazy("Crontab in words"))
    def crontab_translation(self, task: PeriodicTask) -> str:
        """Return when the crontab of the task comes, if it has one."""
        return _in_words(task.crontab) if task.crontab else str(self.get_empty_value_display())

    @admin.display(description=gettext_lazy("Last run"), ordering="last_run_at")
    def last_run(self, task: PeriodicTask) -> datetime | None:
        """Return when beat has queued it last."""
        queued: datetime | None = task.last_run_at
        return queued

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may choose a task to run."""
        return bool(request.user.is_superuser and super().has_add_permission(request))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return a form that chooses a task for superusers only."""
        if not request.user.is_superuser:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the choice of a task out where there is none."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        return [
            (title, {**options, "fields": [f for f in options["fields"] if f != "regtask"]})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all but the schedule, for those who are no superusers."""
        readonly = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return readonly
        names = [field.name for field in PeriodicTask._meta.fields]
        return [*readonly, *(name for name in names if name not in self.schedule_fields)]

    @admin.action(description=gettext_lazy("Run selected tasks"))
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Queue each once, or say that they cannot be queued."""
        try:
            super().run_tasks(request, queryset)
        except BrokerError:
            words = _("Redis cannot be reached, so not all are queued. Start it, then try again.")
            self.message_user(request, words, messages.ERROR)

    def get_actions(self, request: HttpRequest) -> Any:
        """Return those actions that the user may do: the packaged ones ask nobody."""
        actions = super().get_actions(request)
        if not request.user.is_superuser:
            actions.pop("run_tasks", None)
        if not self.has_change_permission(request):
            for name in ("enable_tasks", "disable_tasks", "toggle_tasks"):
                actions.pop(name, None)
        return actions
