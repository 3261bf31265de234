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

from etl.rejected_rows import RejectedRow
from executions import services
from executions.admin_pages import ExecutionPages, signed_in
from executions.services.quarantine import FORMATS
from executions.streaming import streamed
from pipelines.errors import DomainError

EXECUTE = "pipelines.execute_pipeline"
_PAGE_ROWS = 50
# The texts of a whole page must fit into what Django takes in by a form.
_MOST_TO_EDIT = 2000
_EDITED = "record-"


class QuarantinePages(ExecutionPages):
    """The pages of a node's rejected rows."""

    def quarantine_view(self, request: HttpRequest, pk: UUID, node_id: str) -> HttpResponse:
        """Show a page of the rows that a node has rejected, or why they cannot be shown."""
        execution = self._execution(request, pk)
        task = self._task(execution, node_id)
        offset = _offset(request)
        found, rows, problem = None, [], ""
        try:
            found = services.quarantine_of(execution, node_id)
            rows = found.page(offset, _PAGE_ROWS)
        except DomainError as error:
            problem = error.detail
        after = offset + _PAGE_ROWS
        may_replay = found is not None and request.user.has_perm(EXECUTE)
        return self._page(
            request,
            "quarantine",
            execution,
            part=_("Rows rejected by %s") % node_id,
            task=task,
            found=found,
            records=[(row, *_editable(request, row)) for row in rows],
            offset=offset,
            problem=problem,
            formats=sorted(FORMATS),
            may_replay=may_replay,
            replays=services.earlier_replays(execution, node_id) if may_replay else (),
            before=max(offset - _PAGE_ROWS, 0) if offset else None,
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
                    found, _offset(request), _PAGE_ROWS, _edited(request)
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


def _edited(request: HttpRequest) -> dict[int, str]:
    names = [name for name in request.POST if name.startswith(_EDITED)]
    return {
        int(index): str(request.POST[name])
        for name in names
        if (index := name.removeprefix(_EDITED)).isdecimal() and len(index) < 19
    }


def _editable(request: HttpRequest, row: RejectedRow) -> tuple[str, bool]:
    """Return the text of a record, as edited so far, and whether it can be edited on a page."""
    record = row.record or ""
    return _edited(request).get(row.index, record), len(record) <= _MOST_TO_EDIT
