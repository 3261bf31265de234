"""The groups that every installation has, so that an administrator can choose them for people."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions

OPERATORS = "Operators"
VIEWERS = "Viewers"
APPS = ("pipelines", "executions", "alerts")
# How the permissions begin that a group has; an empty text begins all of them.
_MAY: Mapping[str, str] = {OPERATORS: "", VIEWERS: "view_"}


def make_groups(using: str = "default", apps: Apps = installed_apps, **signal: Any) -> None:
    """Make the groups that are missing: Operators may build and run, Viewers may look.

    One that exists is left alone: an administrator may have taken permissions away.
    """
    try:
        groups = apps.get_model("auth", "Group")._default_manager.using(using)
        permissions = apps.get_model("auth", "Permission")._default_manager.using(using)
    except LookupError:
        # Migrated to before there were any.
        return
    missing = [name for name in _MAY if not groups.filter(name=name).exists()]
    if not missing:
        return
    for label in APPS:
        # Whichever of them Django has come to.
        create_permissions(installed_apps.get_app_config(label), 0, False, using, apps)
    ours = permissions.filter(content_type__app_label__in=APPS)
    for name in missing:
        groups.create(name=name).permissions.set(ours.filter(codename__startswith=_MAY[name]))
