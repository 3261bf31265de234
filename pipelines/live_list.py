"""Lists of the admin whose rows renew themselves while they are looked at."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    from django.contrib import admin

    # Generic for type checkers only.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object

# Sent by the page's script, logidata/live.js.
HEADER = "X-Live"


class LiveList(_ModelAdmin):
    """Gives the rows alone to the page that shows them already."""

    live_template = "admin/live_rows.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, or its rows."""
        answer = super().changelist_view(request, extra_context)
        if request.headers.get(HEADER) and isinstance(answer, TemplateResponse):
            answer.template_name = self.live_template
        return answer
