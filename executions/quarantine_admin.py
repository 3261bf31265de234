"""Rejected rows in the admin: their page and their files."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from executions import services
from executions.admin_pages import ExecutionPages
from executions.services.quarantine import FORMATS
from executions.streaming import streamed
from pipelines.errors import DomainError

_PAGE_ROWS = 50


class QuarantinePages(ExecutionPages):
    """The pages of a node's rejected rows."""

    def quarantine_view(self, request: HttpRequest, pk: UUID, node_id: str) -> HttpResponse:
        """Show a page of the rows that a node has rejected, or why they cannot be shown."""
        execution = self._execution(request, pk)
        task = self._task(execution, node_id)
        asked = request.GET.get("offset", "")
        offset = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
        found, rows, problem = None, [], ""
        try:
            found = services.quarantine_of(execution, node_id)
            rows = found.page(offset, _PAGE_ROWS)
        except DomainError as error:
            problem = error.detail
        after = offset + _PAGE_ROWS
        return self._page(
            request,
            "quarantine",
            execution,
            part=f"Rows rejected by {node_id}",
            task=task,
            found=found,
            records=rows,
            problem=problem,
            formats=sorted(FORMATS),
            before=max(offset - _PAGE_ROWS, 0) if offset else None,
            after=after if found is not None and after < found.rows else None,
        )

    def download_view(
        self, request: HttpRequest, pk: UUID, node_id: str, kind: str
    ) -> HttpResponseBase:
        """Give all rows that a node has rejected as a file; show why, if that cannot be."""
        execution = self._execution(request, pk)
        self._task(execution, node_id)
        if kind not in FORMATS:
            raise Http404(f"There is no file of the kind '{kind}'.")
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
