"""The web application: `uvicorn logidata.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logidata.settings")

application = get_asgi_application()

# After the settings are read.
from logidata.database.base import DatabaseWrapper  # noqa: E402

DatabaseWrapper.keeps_connections = True
