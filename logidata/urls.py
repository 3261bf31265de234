"""Where things are served: the admin, the API under `/api/v1`, its schema and a page to read it."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from executions.urls import router as executions_router
from rest_framework.routers import DefaultRouter

from pipelines.urls import router as pipelines_router

router = DefaultRouter(trailing_slash=False)
router.registry.extend(pipelines_router.registry)
router.registry.extend(executions_router.registry)

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(router.urls)),
]
