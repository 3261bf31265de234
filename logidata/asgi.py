"""The web application: `uvicorn logidata.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from logidata.connections import pool_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logidata.settings")

application = get_asgi_application()
pool_connections()
