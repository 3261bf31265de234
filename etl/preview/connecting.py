"""The connections of previews, which run outside of Airflow: from the environment."""

import os
from collections.abc import Callable, Mapping

from etl.connections import LIBPQ_EXTRAS, MYSQL_EXTRAS, Connection, from_environment
from etl.errors import ConfigError
from etl.messages import say

# Shorter texts would be found in words.
_SHORTEST = 4
_PLAIN = LIBPQ_EXTRAS | MYSQL_EXTRAS | {"endpoint_url", "region_name"}


class Connections:
    """Gives connections by their ids; `hide` is told the secrets of each that is used."""

    def __init__(
        self, hide: Callable[[set[str]], None], environ: Mapping[str, str] | None = None
    ) -> None:
        self._hide = hide
        self._environ = os.environ if environ is None else environ

    def __call__(self, connection_id: str) -> Connection:
        """Return the connection; raise ConfigError saying how to make it known here."""
        connection = known_connection(connection_id, self._environ)
        texts = {connection.password or "", *_texts(connection.extra)}
        self._hide({text for text in texts if len(text) >= _SHORTEST})
        return connection


def known_connection(connection_id: str, environ: Mapping[str, str]) -> Connection:
    """Return a connection of the environment; raise ConfigError saying what to do without it."""
    name = f"AIRFLOW_CONN_{connection_id.upper()}"
    if not environ.get(name):
        raise ConfigError(
            say(
                "connection '{connection}' is known to Airflow's tasks at most, and not where "
                "previews run. Have an administrator set {name}, with its URI or JSON, for the web "
                "server and the worker of previews, and restart them.",
                connection=connection_id,
                name=name,
            )
        )
    return from_environment(connection_id, environ)


def _texts(extra: Mapping[str, object]) -> set[str]:
    """Return the values of extras, but for those that are known to be no secrets."""
    return {value for name, value in extra.items() if isinstance(value, str) and name not in _PLAIN}
