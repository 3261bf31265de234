"""The Django app."""

from celery.signals import worker_ready
from django.apps import AppConfig


class PipelinesConfig(AppConfig):
    """Pipelines and their revisions."""

    name = "pipelines"
    verbose_name = "Pipelines"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have a worker of previews show that it lives."""
        from pipelines.services.preview_worker import show_life

        worker_ready.connect(show_life)
