"""Who may do what over the API."""

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView


class ModelPermissions(DjangoModelPermissions):
    """Django's model permissions, asking for `view` to read as well.

    A view's `action_permissions` name what other actions need, for example
    `{"execute": "pipelines.execute_pipeline"}`; None there means: signed in is enough.
    """

    perms_map = DjangoModelPermissions.perms_map | {
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user may do this action at all; anonymous ones may do nothing."""
        wanted: dict[str, str | None] = getattr(view, "action_permissions", {})
        action = getattr(view, "action", None)
        if action is None or action not in wanted:
            return super().has_permission(request, view)
        if not request.user or not request.user.is_authenticated:
            return False
        permission = wanted[action]
        return permission is None or request.user.has_perm(permission)


EDITS = ("pipelines.add_pipeline", "pipelines.change_pipeline")


class EditsPipelines(BasePermission):
    """Lets those in who may add or change pipelines."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user may edit any pipeline."""
        user = request.user
        return bool(user and user.is_authenticated and any(map(user.has_perm, EDITS)))
