"""The admin site: who is not signed in gets 401 and the login page, who may not gets 403."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite


class LogiDataAdminConfig(AdminConfig):
    """Django's admin as an app, with the site below as its `admin.site`."""

    default_site = "logidata.admin_site.LogiDataAdminSite"


class LogiDataAdminSite(UnfoldAdminSite):
    """Unfold's, but for its first page, its search and what it answers to strangers."""

    site_header = site_title = "LogiData"
    index_title = gettext_lazy("Dashboard")

    def get_urls(self) -> list[Any]:
        """Add the parts that the first page renews."""
        from logidata import dashboard

        own: list[Any] = [
            path("dashboard/", self.admin_view(dashboard.dashboard_view), name="dashboard"),
            path("dashboard/health/", self.admin_view(dashboard.health_view), name="health"),
        ]
        return [*own, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show how all pipelines are doing."""
        from logidata import dashboard, health

        shown = dashboard.dashboard_context(request, health.known())
        context = {**shown, **(extra_context or {})}
        return super().index(request, context)  # type: ignore[no-any-return]

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """List what is searched for from everywhere: pages, pipelines, executions."""
        from logidata.finding import find

        hits = find(request, request.GET.get("s", ""), self.get_sidebar_list(request))
        return TemplateResponse(request, "unfold/helpers/command_results.html", {"hits": hits})

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse | TemplateResponse:
        """Log out by POST; who comes by the address alone is asked first."""
        if request.method in ("GET", "HEAD"):
            context = {**self.each_context(request), "title": _("Log out?")}
            return TemplateResponse(request, "logidata/log_out.html", context)
        return super().logout(request, extra_context)  # type: ignore[no-any-return]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return the view for staff; others get a status that says what they lack."""
        for_staff: Callable[..., HttpResponseBase] = super().admin_view(view, cacheable)

        @wraps(for_staff)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request):
                return for_staff(request, *args, **kwargs)
            if request.user.is_authenticated:
                raise PermissionDenied
            return sign_in_first(request)

        return guarded


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Return 401 with the login page, which leads on to what was asked for."""
    from unfold.forms import AuthenticationForm

    index, logout = (reverse(f"admin:{name}") for name in ("index", "logout"))
    context = {
        **admin.site.each_context(request),
        "title": _("Sign in"),
        "subtitle": None,
        # An empty form, whatever was sent: passwords are looked at by the login page alone,
        # where attempts are counted.
        "form": AuthenticationForm(request),
        "app_path": reverse("admin:login"),
        REDIRECT_FIELD_NAME: index if request.path == logout else request.get_full_path(),
    }
    answer = render(request, "admin/login.html", context, status=HTTPStatus.UNAUTHORIZED)
    # A 401 must name a way; one that browsers do not know leaves the asking to the page.
    answer["WWW-Authenticate"] = 'Session realm="LogiData"'
    add_never_cache_headers(answer)
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form without its token; who is not signed in is asked for that first."""
    from logidata.error_pages import form_refused

    match = request.resolver_match
    in_admin = match is not None and match.app_name == "admin" and match.url_name != "login"
    if in_admin and not request.user.is_authenticated:
        return sign_in_first(request)
    return form_refused(request)
