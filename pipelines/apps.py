"""The Django app."""

from django.apps import AppConfig


class PipelinesConfig(AppConfig):
    """Pipelines and their revisions."""

    name = "pipelines"
    verbose_name = "Pipelines"
    default_auto_field = "django.db.models.BigAutoField"
