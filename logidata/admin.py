"""Periodic tasks in the admin: when they run is for operators, what they run for superusers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin as AnyPeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(AnyPeriodicTaskAdmin):
    """Periodic tasks.

    A task can be any of ours with any arguments: choosing one would go round the permissions to
    execute pipelines and to cancel executions.
    """

    schedule_fields = ("enabled", "interval", "crontab")

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

    def get_actions(self, request: HttpRequest) -> Any:
        """Return those actions that the user may do: the packaged ones ask nobody."""
        actions = super().get_actions(request)
        if not request.user.is_superuser:
            actions.pop("run_tasks", None)
        if not self.has_change_permission(request):
            for name in ("enable_tasks", "disable_tasks", "toggle_tasks"):
                actions.pop(name, None)
        return actions
