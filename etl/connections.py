"""Named connections: the graph holds an id, never a secret."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from etl.errors import ConfigError
from etl.messages import say

_POSTGRES_TYPES = {"postgres", "postgresql"}
_MYSQL_TYPES = {"mysql", "mariadb"}
_SQLITE_TYPES = {"sqlite"}

# Options of PyMySQL that an operator may add to a connection's extras, as for PostgreSQL.
MYSQL_EXTRAS = {
    "unix_socket",
    "connect_timeout",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_disabled",
    "ssl_verify_cert",
    "ssl_verify_identity",
}
_FLAGS = {"1": True, "true": True, "0": False, "false": False}

Dialect = Literal["postgres", "mysql", "sqlite"]

# libpq options that an operator may add to a connection's extras. Anything else in there
# belongs to other tools, and libpq would refuse to connect because of it.
LIBPQ_EXTRAS = {
    "host",
    "hostaddr",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslcrl",
    "connect_timeout",
    "application_name",
    "options",
    "target_session_attrs",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "gssencmode",
    "channel_binding",
}


@dataclass(frozen=True)
class Connection:
    """An Airflow connection. Never print `password` or `extra`."""

    id: str
    type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)


def from_environment(connection_id: str, environ: Mapping[str, str] | None = None) -> Connection:
    """Return the connection that `AIRFLOW_CONN_<ID>` describes as a URI or as JSON.

    Raise ConfigError if the variable is missing or says nothing that is a connection.
    """
    name = f"AIRFLOW_CONN_{connection_id.upper()}"
    value = (os.environ if environ is None else environ).get(name)
    if not value:
        raise ConfigError(
            say(
                "connection '{connection_id}' is not defined. Set {name} to its URI or "
                "JSON, or pick another connection.",
                connection_id=connection_id,
                name=name,
            )
        )
    try:
        if value.lstrip().startswith("{"):
            return _from_json(connection_id, value)
        return _from_uri(connection_id, value)
    except ValueError:
        # The value holds a password: the message must not repeat it, nor chain to it.
        raise ConfigError(
            say(
                "{name} is neither a connection URI nor a JSON object. Write it as "
                "postgres://login:password@host:port/database.",
                name=name,
            )
        ) from None


def _from_json(connection_id: str, value: str) -> Connection:
    raw = json.loads(value)
    extra = raw.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    port = raw.get("port")
    return Connection(
        id=connection_id,
        type=str(raw.get("conn_type") or ""),
        host=raw.get("host"),
        port=int(port) if port not in (None, "") else None,
        login=raw.get("login"),
        password=raw.get("password"),
        schema=raw.get("schema"),
        extra=extra if isinstance(extra, dict) else {},
    )


def _from_uri(connection_id: str, value: str) -> Connection:
    parts = urlsplit(value)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", parts.scheme):
        raise ValueError("no scheme")
    extra: dict[str, object] = dict(parse_qsl(parts.query, keep_blank_values=True))
    packed = extra.pop("__extra__", None)
    if isinstance(packed, str):
        unpacked = json.loads(packed)
        extra.update(unpacked if isinstance(unpacked, dict) else {})
    return Connection(
        id=connection_id,
        type=parts.scheme.replace("-", "_"),
        host=_host(parts.netloc),
        port=parts.port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=unquote(parts.path.lstrip("/")) or None,
        extra=extra,
    )


def _host(netloc: str) -> str | None:
    """Return the host with its case kept: it may be the folder of a Unix socket."""
    address = netloc.rpartition("@")[2]
    host = address[1:].partition("]")[0] if address.startswith("[") else address.partition(":")[0]
    return unquote(host) or None


def postgres_conninfo(connection: Connection) -> dict[str, str | int]:
    """Return the keyword arguments that libpq needs to open `connection`.

    Raise ConfigError if it is not a PostgreSQL connection.
    """
    if connection.type not in _POSTGRES_TYPES:
        raise ConfigError(
            say(
                "connection '{connection}' is of type '{type}', but this module needs "
                "PostgreSQL. Pick a connection of type postgres.",
                connection=connection.id,
                type=connection.type or "unknown",
            )
        )
    info: dict[str, str | int] = {"connect_timeout": 10, "application_name": "logidata"}
    info.update({k: str(v) for k, v in connection.extra.items() if k in LIBPQ_EXTRAS})
    own = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }
    info.update({name: value for name, value in own.items() if value})
    return info


def dialect_of(connection: Connection) -> Dialect:
    """Return which kind of database a connection leads to; raise ConfigError if to none."""
    kinds: dict[Dialect, set[str]] = {
        "postgres": _POSTGRES_TYPES,
        "mysql": _MYSQL_TYPES,
        "sqlite": _SQLITE_TYPES,
    }
    for dialect, types in kinds.items():
        if connection.type in types:
            return dialect
    raise ConfigError(
        say(
            "connection '{connection}' is of type '{type}', which leads to no database that "
            "can be read. Pick one of type postgres, mysql, mariadb or sqlite.",
            connection=connection.id,
            type=connection.type or "unknown",
        )
    )


def mysql_arguments(connection: Connection) -> dict[str, object]:
    """Return the arguments that PyMySQL needs to open `connection`.

    Raise ConfigError if it is not a MySQL or MariaDB connection.
    """
    if connection.type not in _MYSQL_TYPES:
        raise ConfigError(
            say(
                "connection '{connection}' is of type '{type}', but this module needs MySQL or "
                "MariaDB. Pick a connection of type mysql or mariadb.",
                connection=connection.id,
                type=connection.type or "unknown",
            )
        )
    arguments: dict[str, object] = {"connect_timeout": 10}
    for name in MYSQL_EXTRAS & connection.extra.keys():
        value = connection.extra[name]
        # In a URI everything is text.
        value = _FLAGS.get(value.lower(), value) if isinstance(value, str) else value
        arguments[name] = int(str(value)) if name == "connect_timeout" else value
    own = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "database": connection.schema,
    }
    arguments.update({name: value for name, value in own.items() if value})
    return arguments


def sqlite_path(connection: Connection) -> str:
    """Return the path of the file that a SQLite connection names, below a data folder.

    Airflow keeps it as the host; in a URI, sqlite:///file, it is what follows the host.
    """
    path = connection.host or connection.schema
    if not path:
        raise ConfigError(
            say(
                "connection '{connection}' names no file. Set its host to a path below the data "
                "folder.",
                connection=connection.id,
            )
        )
    return path
