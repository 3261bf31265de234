"""Django's settings, the only place where LogiData's web and worker read the environment."""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from etl.errors import ConfigError
from etl.settings import run_settings
from logidata import console
from logidata.environment import Environment

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env.text("LOGIDATA_SECRET_KEY")
DEBUG = env.flag("LOGIDATA_DEBUG", default=False)
ALLOWED_HOSTS = env.names("LOGIDATA_ALLOWED_HOSTS", "localhost,127.0.0.1")
CSRF_TRUSTED_ORIGINS = env.names("LOGIDATA_CSRF_TRUSTED_ORIGINS")
# Off by default: browsers send no secure cookie to plain http on the loopback interface.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("LOGIDATA_SECURE_COOKIES", default=False)

# https is the reverse proxy's, and so are the redirect to it and what browsers are to remember of
# it, which holds for the whole host, Airflow's port included.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]

LOGIDATA_DAGS_DIR = Path(env.text("LOGIDATA_DAGS_DIR", str(BASE_DIR / "dags")))
LOGIDATA_CONNECTIONS = frozenset(env.names("LOGIDATA_CONNECTIONS"))
LOGIDATA_STAGING_DAYS = timedelta(days=env.days("LOGIDATA_STAGING_DAYS", 7))
# Where the logs of ended tries are kept, how much of one, and for how long.
LOGIDATA_LOGS = env.text("LOGIDATA_LOGS", str(BASE_DIR / "var" / "node-logs"))
LOGIDATA_LOG_BYTES = int(env.megabytes("LOGIDATA_LOG_LIMIT_MB", 5) * 1_000_000)
LOGIDATA_LOG_DAYS = timedelta(days=env.days("LOGIDATA_LOG_DAYS", 90))
LOGIDATA_EXECUTION_DAYS = timedelta(days=env.days("LOGIDATA_EXECUTION_DAYS", 365))
# Revisions that no execution has run and that are not current.
LOGIDATA_REVISION_DAYS = timedelta(days=env.days("LOGIDATA_REVISION_DAYS", 90))
# Drafts that nobody has saved since.
LOGIDATA_DRAFT_DAYS = timedelta(days=env.days("LOGIDATA_DRAFT_DAYS", 90))
# What was sent of alerts, and to whom.
LOGIDATA_ALERT_DAYS = timedelta(days=env.days("LOGIDATA_ALERT_DAYS", 90))
# The address that people open LogiData by, for links in alerts; without it there are none.
LOGIDATA_PUBLIC_URL = env.http("LOGIDATA_PUBLIC_URL", "")
# How long a preview may take, and how many rows of each source it reads.
LOGIDATA_PREVIEW_SECONDS = env.seconds("LOGIDATA_PREVIEW_SECONDS", 30)
LOGIDATA_PREVIEW_ROWS = env.count("LOGIDATA_PREVIEW_ROWS", 5000)
LOGIDATA_DEPLOY_DEADLINE = timedelta(seconds=env.seconds("LOGIDATA_DEPLOY_DEADLINE", 120))

try:
    # LOGIDATA_STAGING, LOGIDATA_STATE, LOGIDATA_DATA_DIRS, LOGIDATA_MEMORY_LIMIT: Airflow's tasks
    # read them too.
    run_settings()
except ConfigError as error:
    raise ImproperlyConfigured(str(error)) from error

AIRFLOW_API_URL = env.http("AIRFLOW_API_URL")
AIRFLOW_USERNAME = env.text("AIRFLOW_USERNAME")
AIRFLOW_PASSWORD = env.text("AIRFLOW_PASSWORD")
AIRFLOW_CONNECT_TIMEOUT = env.seconds("AIRFLOW_CONNECT_TIMEOUT", 3)
AIRFLOW_READ_TIMEOUT = env.seconds("AIRFLOW_READ_TIMEOUT", 30)
# Of Airflow 2 only: its `[core] min_serialized_dag_fetch_interval`, for which it keeps a DAG.
AIRFLOW_DAG_FETCH_INTERVAL = env.seconds("AIRFLOW_DAG_FETCH_INTERVAL", 10)
# What the plug-in in Airflow signs its events with; without it none are taken.
LOGIDATA_EVENTS_SECRET = env.text("LOGIDATA_EVENTS_SECRET", "")

INSTALLED_APPS = [
    # First, for its templates to take the place of the packages'.
    "logidata",
    # The look of the admin; without its own site, which ours is one of.
    "unfold.apps.BasicAppConfig",
    "logidata.admin_site.LogiDataAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles, so that runserver serves files the way production does.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "pipelines",
    "executions",
    "alerts",
    "airflow_bridge",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "logidata.static_files.StaticFiles",
    "logidata.content_policy.content_policy",
    "logidata.slashes.optional_trailing_slash",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "logidata.time_zone.readers_time_zone",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

UNFOLD = console.UNFOLD

ROOT_URLCONF = "logidata.urls"
CSRF_FAILURE_VIEW = "logidata.admin_site.csrf_failure"
ASGI_APPLICATION = "logidata.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.postgres("LOGIDATA_DATABASE_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis("LOGIDATA_REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "logidata",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
# Word of what changed, for the open pages of every web server.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_connect_timeout": 2}],
            "prefix": "logidata:pages:",
        },
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
# The one of them that the browser asks for.
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "logidata" / "locale"]
FORMAT_MODULE_PATH = "logidata.formats"
# That of pages whose reader's is not known, and of the API.
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# Without `collectstatic` (a checkout, a test) files are served from the apps themselves.
WHITENOISE_USE_FINDERS = True

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Every task of ours takes seconds: what is unacknowledged after ten minutes is lost.
    "visibility_timeout": 600,
    "global_keyprefix": "logidata:",
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
}
# A request must not hang on a broker that is down: reconciling tasks pick the work up later.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TASK_IGNORE_RESULT = True
# A killed worker's task goes back to the queue; every task of ours may run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# These have workers of their own, so that none of them holds up an execution.
CELERY_TASK_ROUTES = {
    "pipelines.tasks.run_preview": {"queue": "previews"},
    "pipelines.tasks.remove_previews": {"queue": "previews"},
    "alerts.tasks.send": {"queue": "alerts"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "logidata.beat:HeartbeatScheduler"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first one's header makes an anonymous answer 401 rather than 403.
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "logidata.problem.exception_handler",
    "DEFAULT_THROTTLE_RATES": {"login": "30/min"},
    # The address is the connection's: a forwarded one is the server's business to vouch for.
    "NUM_PROXIES": 0,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env.days("LOGIDATA_TOKEN_DAYS", 30)),
    "AUTH_HEADER_PREFIX": "Bearer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LogiData",
    "DESCRIPTION": "Define, run and follow data pipelines on Apache Airflow.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "DeploymentStatus": "pipelines.models.DeploymentStatus",
        "ExecutionStatus": "executions.statuses.ExecutionStatus",
        "NodeStatus": "executions.statuses.NodeStatus",
        "TriggerType": "executions.statuses.TriggerType",
        "ChosenTriggerType": "pipelines.serializers.bodies.CHOSEN_TRIGGER_TYPES",
        "HealthStatus": "logidata.health.STATUSES",
        "DifferenceKind": "pipelines.revision_api.KINDS",
        "AlertEvent": "alerts.events.AlertEvent",
        "RuleEvent": "alerts.events.RULE_EVENTS",
        "DeliveryStatus": "alerts.events.DeliveryStatus",
        "ChannelKind": "alerts.events.ChannelKind",
        "QuietAction": "alerts.events.QuietAction",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": env.log_level("LOGIDATA_LOG_LEVEL")},
    # Its default handler mails administrators and, in debug mode, prints every line a second time.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # Its lines may hold addresses, which are secrets: alerts log them without.
        "apprise": {"handlers": ["nowhere"], "level": "WARNING", "propagate": False},
        # A traceback each second while Redis is away; executions.watching says it once.
        "channels_redis.pubsub": {"level": "CRITICAL"},
    },
}
