"""The Celery application: `celery -A logidata worker`, `celery -A logidata beat`."""

import os

from celery.signals import worker_process_init

from logidata.broker import Broker
from logidata.connections import keep_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logidata.settings")

app = Broker("logidata")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

worker_process_init.connect(keep_connections)
