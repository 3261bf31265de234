"""Revisions in the admin: to look at, never to change."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from pipelines.models import Pipeline, PipelineRevision

# Generic for the type checker only.
if TYPE_CHECKING:
    _Inline = admin.TabularInline[PipelineRevision, Pipeline]
    _ModelAdmin = admin.ModelAdmin[PipelineRevision]
else:
    _Inline, _ModelAdmin = TabularInline, ModelAdmin

SHOWN_REVISIONS = 20


class ReadOnly:
    """Nothing here is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False


class RevisionInline(ReadOnly, _Inline):
    """The newest revisions of a pipeline."""

    model = PipelineRevision
    fields = readonly_fields = ("number", "created_at", "created_by", "sha256")
    extra = 0
    show_change_link = True
    classes = ("collapse",)
    verbose_name_plural = _("Newest revisions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PipelineRevision]:
        """Return the newest ones only: a pipeline may have hundreds."""
        newest = F("pipeline__current_revision__number") - SHOWN_REVISIONS
        return super().get_queryset(request).filter(number__gt=newest)


@admin.register(PipelineRevision)
class PipelineRevisionAdmin(ReadOnly, _ModelAdmin):
    """A revision to look at, reached from its pipeline."""

    fields = readonly_fields = ("pipeline", "number", "created_at", "created_by", "sha256", "what")
    list_display = ("__str__", "pipeline", "created_at", "created_by")
    list_select_related = ("pipeline__current_revision", "created_by")
    ordering = ("-created_at",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return False: revisions are no entry of the menu."""
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Tell the page's links what there is to compare with, and what the user may do."""
        revision = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if revision is not None and revision.pipeline is not None:
            older = revision.pipeline.revisions.filter(number__lt=revision.number)
            context |= {
                "previous": older.order_by("-number").values_list("number", flat=True).first(),
                "is_current": revision.pipeline.current_revision == revision,
                "may_view_pipeline": request.user.has_perm("pipelines.view_pipeline")
                or request.user.has_perm("pipelines.change_pipeline"),
                "may_restore": request.user.has_perm("pipelines.change_pipeline"),
            }
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("Snapshot"))
    def what(self, revision: PipelineRevision) -> SafeString:
        """Return the snapshot as indented JSON."""
        text = json.dumps(revision.snapshot, indent=2, ensure_ascii=False)
        return format_html('<pre class="code" tabindex="0">{}</pre>', text)
