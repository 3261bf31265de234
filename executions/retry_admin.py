"""Running an execution again in the admin."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from executions import services
from executions.admin_pages import ExecutionPages, signed_in
from executions.quarantine_admin import EXECUTE
from pipelines.errors import DomainError


class RetryPages(ExecutionPages):
    """The buttons that run an execution again."""

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Begin a new attempt, from the node that the form names or where it failed; show it."""
        execution = self._execution(request, pk)
        if not request.user.has_perm(EXECUTE):
            raise PermissionDenied
        node = request.POST.get("node")
        try:
            retry = services.retry_execution(
                execution, signed_in(request), nodes=[node] if node else None
            )
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
        else:
            again = ", ".join(retry.nodes)
            self.message_user(request, _("Runs again: %s.") % again, messages.SUCCESS)
            for warning in retry.warnings:
                self.message_user(request, warning, messages.WARNING)
        return self._back(execution)
