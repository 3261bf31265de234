"""How the admin looks, and what its menu leads to: the settings of django-unfold."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

Permitted = Callable[[HttpRequest], bool]


def _may(*permissions: str) -> Permitted:
    """Return whether a request's user has one of these permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _list(model: str, title: Any, icon: str, also: str = "change") -> dict[str, Any]:
    """Return the entry of a model's list, for those who may view it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}", f"{app}.{also}_{name}"),
    }


def _file(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)


NAVIGATION = [
    {
        "items": [
            {
                "title": _("Dashboard"),
                "icon": "dashboard",
                "link": reverse_lazy("admin:index"),
            },
            _list("pipelines.pipeline", _("Pipelines"), "account_tree"),
            _list("executions.pipelineexecution", _("Executions"), "play_circle"),
        ],
    },
    {
        "title": _("Alerts"),
        "separator": True,
        "items": [
            _list("alerts.alertrule", _("Rules"), "notifications"),
            _list("alerts.alertchannel", _("Channels"), "send"),
            _list("alerts.alertdelivery", _("Deliveries"), "outbox", also="resend"),
        ],
    },
    {
        "title": _("Automation"),
        "separator": True,
        "items": [
            _list("django_celery_beat.periodictask", _("Periodic tasks"), "schedule"),
            _list("django_celery_beat.intervalschedule", _("Intervals"), "timer"),
            _list("django_celery_beat.crontabschedule", _("Crontabs"), "calendar_month"),
        ],
    },
    {
        "title": _("Access"),
        "separator": True,
        "items": [
            _list("auth.user", _("Users"), "person"),
            _list("auth.group", _("Groups"), "group"),
            _list("knox.authtoken", capfirst(_("API tokens")), "key"),
            {
                "title": _("API reference"),
                "icon": "api",
                "link": reverse_lazy("docs"),
            },
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "LogiData",
    "SITE_HEADER": "LogiData",
    "SITE_SUBHEADER": _("Data pipelines on Airflow"),
    "SITE_SYMBOL": "account_tree",
    # There is no other site to return to.
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _file("logidata/icon.svg")},
    ],
    "STYLES": [
        _file("logidata/console.css"),
        _file("pipelines/admin.css"),
        _file("executions/executions.css"),
    ],
    "SCRIPTS": [_file(f"logidata/{name}.js") for name in ("time_zone", "keyboard", "live")],
    # A calm blue on slate; what states are coloured with stands in the style sheets.
    "COLORS": {
        "base": {
            "50": "oklch(98.4% .003 247.858)",
            "100": "oklch(96.8% .007 247.896)",
            "200": "oklch(92.9% .013 255.508)",
            "300": "oklch(86.9% .022 252.894)",
            "400": "oklch(70.4% .04 256.788)",
            "500": "oklch(55.4% .046 257.417)",
            "600": "oklch(44.6% .043 257.281)",
            "700": "oklch(37.2% .044 257.287)",
            "800": "oklch(27.9% .041 260.031)",
            "900": "oklch(20.8% .042 265.755)",
            "950": "oklch(12.9% .042 264.695)",
        },
        "primary": {
            "50": "oklch(97.7% .013 236.62)",
            "100": "oklch(95.1% .026 236.824)",
            "200": "oklch(90.1% .058 230.902)",
            "300": "oklch(82.8% .111 230.318)",
            "400": "oklch(74.6% .16 232.661)",
            "500": "oklch(68.5% .169 237.323)",
            "600": "oklch(50% .134 242.749)",
            "700": "oklch(44.3% .11 240.79)",
            "800": "oklch(39.1% .09 240.876)",
            "900": "oklch(29.3% .066 243.157)",
            "950": "oklch(24% .055 243)",
        },
        "font": {
            "subtle-light": "var(--color-base-600)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-300)",
            "important-light": "var(--color-base-900)",
            "important-dark": "var(--color-base-100)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
    "COMMAND": {"show_history": False},
}
