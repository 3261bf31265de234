"""Errors of the API: one shape for all of them.

`{"type", "title", "detail", "errors": [{"node", "field", "message"}]}`, where `type` is a stable
word for programs and `errors` may be empty.
"""

import logging
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from airflow_bridge.errors import AirflowError
from pipelines.errors import DomainError, Problem
from pipelines.messages import translated
from pipelines.remedies import with_remedy

logger = logging.getLogger(__name__)

LACKING = gettext_lazy("You lack the permission for this. Ask an administrator to grant it.")

# Titles of what the framework refuses.
_TITLES = {
    HTTPStatus.BAD_REQUEST: gettext_lazy("Bad request"),
    HTTPStatus.UNAUTHORIZED: gettext_lazy("Unauthorized"),
    HTTPStatus.FORBIDDEN: gettext_lazy("Forbidden"),
    HTTPStatus.NOT_FOUND: gettext_lazy("Not found"),
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_lazy("Method not allowed"),
    HTTPStatus.NOT_ACCEPTABLE: gettext_lazy("Not acceptable"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext_lazy("Request entity too large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: gettext_lazy("Unsupported media type"),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_lazy("Too many requests"),
}


def problem(
    *,
    type: str,  # noqa: A002 - the name in the answer
    title: str,
    detail: str,
    errors: Sequence[Problem] = (),
) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {
        "type": type,
        "title": title,
        "detail": detail,
        "errors": [
            {"node": error.node, "field": error.field, "message": error.message} for error in errors
        ],
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an exception in a view; None leaves it to Django's 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RecursionError):
        error = exceptions.ParseError(_("The body is nested too deeply. Make it flatter."))
    elif isinstance(error, RequestDataTooBig):
        error = _too_large()
    answer = _answer(error)
    if answer is not None:
        set_rollback()
        _render_as_json(context.get("request"))
    return answer


def _too_large() -> exceptions.APIException:
    error = exceptions.APIException(
        _("The body is larger than %(most)g MB. Send less at once.")
        % {"most": round((settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) / 1_000_000, 1)}
    )
    error.status_code, error.default_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"
    return error


def _render_as_json(request: Request | None) -> None:
    """Answer a client of plain text or YAML in JSON all the same; pages for people stay pages."""
    chosen = getattr(request, "accepted_renderer", None)
    if request is not None and getattr(chosen, "format", "") not in {"json", "api", "html"}:
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = JSONRenderer.media_type


def _answer(error: Exception) -> Response | None:
    if isinstance(error, DomainError):
        body = problem(type=error.type, title=error.title, detail=error.detail, errors=error.errors)
        return Response({**error.more, **body}, status=error.status)
    if isinstance(error, AirflowError):
        body = problem(
            type="airflow-error", title=_("Airflow cannot do it"), detail=translated(str(error))
        )
        return Response(body, status=503 if error.retryable else 502)
    if isinstance(error, OperationalError):
        logger.error("The database did not answer", exc_info=error)
        body = problem(
            type="database-unavailable",
            title=_("Database unavailable"),
            detail=_(
                "LogiData's database does not answer at the moment. Try again; "
                "GET /api/v1/health tells when it is back."
            ),
        )
        return Response(body, status=503)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(error.detail))
        body = problem(
            type="invalid",
            title=_("Invalid input"),
            detail=" ".join(
                f"{item.field}: {item.message}" if item.field else item.message for item in errors
            ),
            errors=errors,
        )
        return Response(body, status=error.status_code)
    if isinstance(error, exceptions.APIException):
        status = HTTPStatus(error.status_code)
        body = problem(
            type=error.default_code.replace("_", "-"),
            title=str(_TITLES.get(status, status.phrase.capitalize())),
            detail=_sentence(error),
        )
        return Response(body, status=error.status_code, headers=_headers(error))
    return None


def _sentence(error: exceptions.APIException) -> str:
    """Say what next where the framework says only what."""
    if isinstance(error, exceptions.NotAuthenticated):
        return _(
            "Sign in first: send 'Authorization: Bearer <token>'. "
            "POST /api/v1/auth/token gives a token."
        )
    if isinstance(error, exceptions.AuthenticationFailed):
        return _("%(detail)s POST /api/v1/auth/token gives a new token.") % {"detail": error.detail}
    if isinstance(error, exceptions.PermissionDenied) and error.get_codes() == "permission_denied":
        return str(LACKING)
    if isinstance(error, exceptions.NotFound):
        return _("There is nothing here. Look at the address, and whether it was deleted.")
    return str(error.detail)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(int(wait))
    return headers


def _flatten(detail: Any, path: str = "") -> Iterator[Problem]:
    """Yield a problem for every message within DRF's nested errors."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            part = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(filter(None, (path, part))))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flatten(value, path)
    else:
        yield Problem(None, path or None, with_remedy(detail))


class NothingHere(APIView):
    """Answers where the API has nothing: 401 to anonymous callers, 404 to all others."""

    permission_classes = (IsAuthenticated,)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise NotAuthenticated or NotFound, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound
