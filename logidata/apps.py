"""The project as a Django app: it carries the Celery application and management commands."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class LogiDataConfig(AppConfig):
    """Bind `shared_task` to our Celery application in every process that runs Django.

    After a migration the groups exist that people are put into.
    """

    name = "logidata"
    verbose_name = "LogiData"

    def ready(self) -> None:
        # Not in logidata/__init__.py, which other programs import for its cheapness.
        from logidata import celery  # noqa: F401
        from logidata.groups import make_groups

        # Nothing is sent for an app without models, such as this one.
        post_migrate.connect(make_groups, sender=apps.get_app_config("alerts"))
