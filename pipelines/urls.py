"""What pipelines add to `/api/v1`."""

from rest_framework.routers import SimpleRouter

from pipelines.api import ModuleViewSet, PipelineViewSet
from pipelines.editor_api import ScheduleViewSet
from pipelines.preview_api import PreviewViewSet
from pipelines.source_api import ConnectionViewSet, FileViewSet
from pipelines.transfer_api import TemplateViewSet

router = SimpleRouter(trailing_slash=False)
router.register("pipelines", PipelineViewSet, basename="pipeline")
router.register("modules", ModuleViewSet, basename="module")
router.register("schedule", ScheduleViewSet, basename="schedule")
router.register("templates", TemplateViewSet, basename="template")
router.register("previews", PreviewViewSet, basename="preview")
router.register("connections", ConnectionViewSet, basename="connection")
router.register("files", FileViewSet, basename="file")
