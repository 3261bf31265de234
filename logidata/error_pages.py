"""What is answered instead of a page: to people in the console's look, to programs as JSON.

Those of a fault stand alone: neither a database nor Redis has to be up for them.
"""

import sys
from http import HTTPStatus

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from logidata.problem import LACKING, problem
from logidata.slashes import API_PREFIX

_NAMED = 3


def plain_page(
    title: str, detail: str, status: HTTPStatus, *, again: str = "", leads_on: bool = True
) -> HttpResponse:
    """Return a page that needs nothing but itself.

    `again` is an address to try once more; without `leads_on` no other one is offered.
    """
    said = {"title": title, "detail": detail, "again": again, "leads_on": leads_on}
    return HttpResponse(render_to_string("logidata/plain.html", said), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a request that Django itself refuses."""
    title, detail = _("Bad request"), _("The request cannot be read. Correct it.")
    if request.path.startswith(API_PREFIX):
        return _as_json("bad-request", title, detail, HTTPStatus.BAD_REQUEST)
    return plain_page(title, detail, HTTPStatus.BAD_REQUEST, leads_on=False)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer who may not do what was asked for."""
    if request.path.startswith(API_PREFIX):
        return _as_json("permission-denied", _("Forbidden"), str(LACKING), HTTPStatus.FORBIDDEN)
    context = {
        **admin.site.each_context(request),
        "title": _("You may not see this page"),
        "administrators": administrators(),
    }
    return render(request, "logidata/forbidden.html", context, status=HTTPStatus.FORBIDDEN)


def administrators() -> str:
    """Return the names of a few who may grant what somebody lacks; "" if there is nobody."""
    chiefs = User.objects.filter(is_superuser=True, is_active=True).order_by("date_joined")
    names = (chief.get_full_name() or chief.get_username() for chief in chiefs[:_NAMED])
    return ", ".join(names)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer who asked for what is not there."""
    title = _("There is nothing here")
    detail = _("The address may be mistyped, or what was here may have been deleted.")
    if request.path.startswith(API_PREFIX):
        return _as_json("not-found", title, detail, HTTPStatus.NOT_FOUND)
    if not admin.site.has_permission(request):
        return plain_page(title, detail, HTTPStatus.NOT_FOUND)
    context = {**admin.site.each_context(request), "title": title, "detail": detail}
    return render(request, "logidata/not_found.html", context, status=HTTPStatus.NOT_FOUND)


def form_refused(request: HttpRequest) -> HttpResponseBase:
    """Answer a form that was sent without the token that tells it from a forged one."""
    return plain_page(
        _("The form has grown too old"),
        _(
            "You have signed in or out since the page was opened, or the browser keeps no cookies "
            "for this site. Nothing was changed. Go back, load the page anew and send it again."
        ),
        HTTPStatus.FORBIDDEN,
    )


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer after an unforeseen exception, or one of a service that is away."""
    kind, title, detail, status = _fault(sys.exc_info()[1])
    if request.path.startswith(API_PREFIX):
        return _as_json(kind, title, detail, status)
    again = request.get_full_path() if request.method == "GET" else ""
    return plain_page(title, detail, status, again=again)


def _fault(error: BaseException | None) -> tuple[str, str, str, HTTPStatus]:
    if isinstance(error, OperationalError):
        return (
            "database-unavailable",
            _("Database unavailable"),
            _("LogiData's database does not answer at the moment. Try again in a moment."),
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
    if isinstance(error, RedisError | BrokerError):
        return (
            "redis-unavailable",
            _("Redis unavailable"),
            _("LogiData's Redis does not answer at the moment. Try again in a moment."),
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
    return (
        "server-error",
        _("Server error"),
        _("LogiData failed unexpectedly. Its log says where; try again, and report it."),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def _as_json(kind: str, title: str, detail: str, status: HTTPStatus) -> JsonResponse:
    return JsonResponse(problem(type=kind, title=title, detail=detail), status=status)
