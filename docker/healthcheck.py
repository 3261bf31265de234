"""`python docker/healthcheck.py web|beat|previews`: exit status 0 while that program works.

Each container answers for itself: the web server is well while it answers, also when its answer
is that Airflow is down.
"""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

HEALTH_URL = "http://127.0.0.1:8000/api/v1/health"
# What the endpoint says when a component that executions need, perhaps another container, is down.
DOWN = 503


def web() -> str | None:
    """Return what is wrong with the web server, None if it answers."""
    try:
        urllib.request.urlopen(HEALTH_URL, timeout=15).close()
    except urllib.error.HTTPError as error:
        return None if error.code == DOWN else f"{HEALTH_URL} answers {error.code}"
    except OSError as error:
        return f"{HEALTH_URL} does not answer: {error}"
    return None


def beat() -> str | None:
    """Return what is wrong with Celery beat, None if its heartbeat in the cache is fresh."""
    import django

    django.setup()
    from django.core.cache import cache

    from logidata.beat import FRESH_FOR_SECONDS, HEARTBEAT_KEY

    last = cache.get(HEARTBEAT_KEY)
    if last is None:
        return "beat has not left a heartbeat yet"
    age = time.time() - last
    return None if age <= FRESH_FOR_SECONDS else f"beat's last heartbeat is {age:.0f} s old"


def previews() -> str | None:
    """Return what is wrong with the workers of previews, None if one of them shows that it lives.

    Several share the sign: it is lost only when none is left.
    """
    import django

    django.setup()
    from django.core.cache import cache

    from pipelines.services.preview_store import WORKER_KEY

    return None if cache.get(WORKER_KEY) else "no worker of previews shows that it lives"


CHECKS: dict[str, Callable[[], str | None]] = {"web": web, "beat": beat, "previews": previews}

if __name__ == "__main__":
    wrong = CHECKS[sys.argv[1]]()
    if wrong:
        sys.exit(wrong)
