"""The Django app."""

from celery.signals import worker_ready
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PipelinesConfig(AppConfig):
    """Pipelines and their revisions."""

    name = "pipelines"
    verbose_name = _("Pipelines")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have a worker of previews show that it lives."""
        from pipelines.services.preview_worker import show_life

        worker_ready.connect(show_life)
