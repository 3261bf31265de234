"""What pipelines add to `/api/v1`."""

from rest_framework.routers import SimpleRouter

router = SimpleRouter(trailing_slash=False)
