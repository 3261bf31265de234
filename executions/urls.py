"""What executions add to `/api/v1`."""

from rest_framework.routers import SimpleRouter

from executions.api import ExecutionViewSet

router = SimpleRouter(trailing_slash=False)
router.register("executions", ExecutionViewSet, basename="execution")
