"""The project as a Django app: it carries the Celery application and management commands."""

from django.apps import AppConfig


class LogiDataConfig(AppConfig):
    """Bind `shared_task` to our Celery application in every process that runs Django."""

    name = "logidata"
    verbose_name = "LogiData"

    def ready(self) -> None:
        # Not in logidata/__init__.py, which other programs import for its cheapness.
        from logidata import celery  # noqa: F401
