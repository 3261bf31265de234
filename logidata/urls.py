"""Where things are served: the admin, the API under `/api/v1`, its schema and a page to read it."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import APIRootView, DefaultRouter

from alerts.urls import router as alerts_router
from executions.hints_api import AirflowEventsView
from executions.urls import router as executions_router
from logidata.guessing import limit_guesses
from logidata.health_api import HealthView
from logidata.problem import NothingHere
from logidata.tokens import TokenView
from pipelines.urls import router as pipelines_router


class ApiRoot(APIRootView):
    """Where everything is: pipelines, their executions, modules that nodes can run, alerts."""

    name = "LogiData API"


class Router(DefaultRouter):
    """The routes of all apps under one root, which lists them."""

    include_format_suffixes = False
    APIRootView = ApiRoot


router = Router(trailing_slash=False)
router.registry.extend(pipelines_router.registry)
router.registry.extend(executions_router.registry)
router.registry.extend(alerts_router.registry)

api: list[URLPattern | URLResolver] = [
    path("auth/token", TokenView.as_view(), name="token"),
    path("health", HealthView.as_view(), name="health"),
    path("airflow/events", AirflowEventsView.as_view(), name="airflow-events"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("", include(router.urls)),
]

api_login = LoginView.as_view(template_name="rest_framework/login.html")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    # In the place of the packages' own, which let everyone guess.
    path("admin/login/", limit_guesses(admin.site.login)),
    path("api-auth/login/", limit_guesses(api_login)),
    path("admin/", admin.site.urls),
    path("api-auth/", include("rest_framework.urls")),
    # The root without its slash, which is cut off before addresses are looked up.
    path("api/v1", router.get_api_root_view(api_urls=router.urls), name="api-root"),
    path("api/v1/", include(api)),
    re_path("^api(/|$)", NothingHere.as_view()),
]

handler400 = "logidata.error_pages.bad_request"
handler403 = "logidata.error_pages.forbidden"
handler404 = "logidata.error_pages.not_found"
handler500 = "logidata.error_pages.server_error"
