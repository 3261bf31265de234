"""Pages of executions over the REST API."""

from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from executions import services
from executions.models import Executions, PipelineExecution


class NewestFirst(CursorPagination):
    """Pages that stay put while executions come and go, each at the same cost."""

    cursor_query_description = "Where the page begins; from `next` or `previous` of another page."
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(  # type: ignore[override] # the list is of executions only
        self, queryset: Executions, request: Request, view: APIView | None = None
    ) -> list[PipelineExecution]:
        """Return the executions of the page; raise InvalidCursor."""
        self._address = request.build_absolute_uri()
        text = request.query_params.get(self.cursor_query_param)
        cursor = None if text is None else services.Cursor.parse(text)
        size = self.get_page_size(request) or self.page_size
        self.shown = services.page_of(queryset, cursor, size)
        self.display_page_controls = bool(self.shown.newer or self.shown.older)
        return self.shown.executions

    def get_next_link(self) -> str | None:
        """Return the address of the page of older executions."""
        return self._link(self.shown.older)

    def get_previous_link(self) -> str | None:
        """Return the address of the page of newer executions."""
        return self._link(self.shown.newer)

    def _link(self, cursor: services.Cursor | None) -> str | None:
        if cursor is None:
            return None
        return replace_query_param(self._address, self.cursor_query_param, str(cursor))
