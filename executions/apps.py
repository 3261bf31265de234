"""The Django app that starts, follows and cancels executions."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    """What ran: executions, their nodes, and the tasks that follow them."""

    name = "executions"
    default_auto_field = "django.db.models.BigAutoField"
