"""The Celery application: `celery -A logidata worker`, `celery -A logidata beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logidata.settings")

app = Celery("logidata")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
