"""The first page of the admin: what it shows to whom, whole and as the parts that it renews."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executions.services import dashboard
from executions.services.waiting import why_it_waits
from logidata import health
from logidata.addresses import executions_list
from logidata.chart import chart_of

VIEW_EXECUTIONS = "executions.view_pipelineexecution"
VIEW_PIPELINES = "pipelines.view_pipeline"
_COMPONENTS = {
    "database": gettext_lazy("Database"),
    "redis": gettext_lazy("Redis"),
    "worker": gettext_lazy("Worker"),
    "previews": gettext_lazy("Previews"),
    "alerts": gettext_lazy("Alerts"),
    "beat": gettext_lazy("Beat"),
    "airflow": gettext_lazy("Airflow"),
}


def dashboard_context(request: HttpRequest, found: health.Findings) -> dict[str, Any]:
    """Return what the user may know; what they may not is None, and is not looked up.

    `found` is what is known of the components.
    """
    down = {name for name, one in found.items() if one.status == health.DOWN}
    context: dict[str, Any] = {"now": None, "history": None, "deployments": None}
    if request.user.has_perm(VIEW_EXECUTIONS):
        history, now = dashboard.history(), dashboard.executions_now()
        context |= {
            "now": now,
            "waiting": [(one, why_it_waits(one, down)) for one in now.waiting],
            "history": history,
            "chart": chart_of(history.days),
            "lists": _lists(history),
        }
    if request.user.has_perm(VIEW_PIPELINES):
        context["deployments"] = dashboard.deployments()
    context["may_view_pipelines"] = context["deployments"] is not None
    return context


def _lists(history: dashboard.History) -> dict[str, str]:
    """Return the addresses of the lists of what the figures count."""
    return {
        "running": executions_list(status__exact="running"),
        "pending": executions_list(status__exact="pending"),
        "failed_in_day": executions_list(status__exact="failed", ended=24),
        "failed": executions_list(status__exact="failed", created_at__gte=history.since),
        "succeeded": executions_list(status__exact="success", created_at__gte=history.since),
    }


def dashboard_view(request: HttpRequest) -> HttpResponse:
    """Give the parts of the page that change with executions."""
    # Nobody waits for these parts, so the components may be asked.
    context = dashboard_context(request, health.findings())
    return TemplateResponse(request, "logidata/dashboard.html", context)


def health_view(request: HttpRequest) -> HttpResponse:
    """Give the part that says how the components are; it may take seconds."""
    findings = [(_COMPONENTS.get(name, name), found) for name, found in health.findings().items()]
    context: dict[str, Any] = {"findings": findings}
    if not request.headers.get("X-Live"):
        # Reached by its link, where no script has put it into the first page.
        context |= {**admin.site.each_context(request), "title": _("Health")}
        return TemplateResponse(request, "logidata/health_page.html", context)
    return TemplateResponse(request, "logidata/health.html", context)
