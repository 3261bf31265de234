"""The Django app that starts, follows and cancels executions."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExecutionsConfig(AppConfig):
    """What ran: executions, their nodes, and the tasks that follow them."""

    name = "executions"
    verbose_name = _("Executions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have running executions asked about before a DAG file is replaced."""
        # Not before: models can be imported only once the apps are there.
        from executions.services.under_way import (
            adopt_new_runs,
            belong_to,
            runs_that_differ_from,
        )
        from pipelines.services import Runs, ask_before_deploying

        ask_before_deploying(Runs(adopt_new_runs, runs_that_differ_from, belong_to))
