"""Rejected rows in the admin: their page, their files, and the button that replays them."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
)
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from executions import services
from executions.admin_pages import ExecutionPages, signed_in
from executions.rejected_table import edited_in, rows_of_a_page, table_of
from executions.services.quarantine import FORMATS
from executions.streaming import streamed
from pipelines.errors import DomainError

EXECUTE = "pipelines.execute_pipeline"


class QuarantinePages(ExecutionPages):
    """The pages of a node's rejected rows."""

    def quarantine_view(self, request: HttpRequest, pk: UUID, node_id: str) -> HttpResponse:
        """Show a page of the rows that a node has rejected, or why they cannot be shown."""
        execution = self._execution(request, pk)
        task = self._task(execution, node_id)
        offset = _offset(request)
        found, table, problem, limit = None, None, "", 0
        try:
            found = services.quarantine_of(execution, node_id)
            limit = rows_of_a_page(found)
            table = table_of(found, found.page(offset, limit), request.POST)
        except DomainError as error:
            problem = error.detail
        after = offset + limit
        may_execute = found is not None and request.user.has_perm(EXECUTE)
        refusal = services.replay_refusal(execution, node_id) if may_execute else ""
        return self._page(
            request,
            "quarantine",
            execution,
            part=_("Rows rejected by %s") % node_id,
            task=task,
            found=found,
            table=table,
            offset=offset,
            problem=problem,
            formats=sorted(FORMATS),
            may_replay=may_execute and not refusal,
            refusal=refusal,
            replays=services.earlier_replays(execution, node_id) if may_execute else (),
            before=max(offset - limit, 0) if offset else None,
            after=after if found is not None and after < found.rows else None,
        )

    @method_decorator(require_POST)
    def replay_view(self, request: HttpRequest, pk: UUID, node_id: str) -> HttpResponse:
        """Start a replay of the rows, as they were edited, and show it; or say why not."""
        execution = self._execution(request, pk)
        if not request.user.has_perm(EXECUTE):
            raise PermissionDenied
        self._task(execution, node_id)
        try:
            found = services.quarantine_of(execution, node_id)
            replay = services.replay_rejected(
                execution,
                node_id,
                records=services.corrections_of(
                    found, _offset(request), rows_of_a_page(found), edited_in(request.POST)
                ),
                again="again" in request.POST,
                user=signed_in(request),
            )
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
            # Not sent on: what was edited is still there to be put right.
            return self.quarantine_view(request, pk, node_id)
        return self._back(replay.execution)

    def download_view(
        self, request: HttpRequest, pk: UUID, node_id: str, kind: str
    ) -> HttpResponseBase:
        """Give all rows that a node has rejected as a file; show why, if that cannot be."""
        execution = self._execution(request, pk)
        self._task(execution, node_id)
        if kind not in FORMATS:
            raise Http404(_("There is no file of the kind '%(kind)s'.") % {"kind": kind})
        try:
            found = services.quarantine_of(execution, node_id)
            return streamed(
                request,
                found.file(kind),
                content_type=FORMATS[kind],
                filename=found.filename(kind),
            )
        except DomainError:
            # The page says what is the matter.
            return self.quarantine_view(request, pk, node_id)


def _offset(request: HttpRequest) -> int:
    asked = request.POST.get("offset") or request.GET.get("offset", "")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else 0
