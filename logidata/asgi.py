"""The web application: `uvicorn logidata.asgi:application`."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from logidata.connections import pool_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logidata.settings")

http = get_asgi_application()
pool_connections()

# Not before: what sockets serve needs the models, which can be imported once the apps are there.
from logidata.bodies import BoundedBodies  # noqa: E402
from logidata.broker import hurry  # noqa: E402
from logidata.celery import app as celery_app  # noqa: E402
from logidata.sockets import websockets  # noqa: E402

hurry(celery_app)
application = ProtocolTypeRouter({"http": BoundedBodies(http), "websocket": websockets})
