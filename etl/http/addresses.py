"""Addresses: what a connection stands for, what is the same server, what people may see."""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from etl.connections import Connection
from etl.errors import ConfigError
from etl.messages import say

_TYPES = {"http", "https"}
_PORTS = {"http": 80, "https": 443}
_SECRET = re.compile(r"key|token|secret|sig|pass|auth|credential|session", re.IGNORECASE)

Origin = tuple[str, str, int]


def base_url(connection: Connection) -> str:
    """Return the address that a connection stands for, as Airflow's HTTP hook reads it.

    The host may be a whole address; otherwise the schema is http or https. Raise ConfigError if
    the connection is no HTTP connection.
    """
    if connection.type not in _TYPES:
        raise ConfigError(
            say(
                "connection '{connection}' is of type '{type}', but this module needs HTTP. Pick "
                "a connection of type http.",
                connection=connection.id,
                type=connection.type or "unknown",
            ),
            field="config.connection",
        )
    host = connection.host or ""
    if "://" not in host:
        scheme = (connection.schema or connection.type).lower()
        name = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
        host = f"{scheme}://{name}" + (f":{connection.port}" if connection.port else "")
    try:
        check_url(host)
    except ValueError:
        # Not repeated: a host may hold a login by mistake.
        raise ConfigError(
            say(
                "connection '{connection}' gives no address. Set its host to a name such as "
                "api.example.com or to an address such as https://api.example.com/v1, "
                "and its schema to http or https, under Connections.",
                connection=connection.id,
            ),
            field="config.connection",
        ) from None
    return host


def check_url(url: str) -> str:
    """Return `url` if it is a plain http(s) address without login and query; else ValueError."""
    if not url.isprintable() or " " in url:
        raise ValueError(say("The address holds a space or a control character. Remove it"))
    # Not by its parts: of some addresses urllib makes none, and repeats the whole of them.
    if "@" in re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        # The value is not repeated: it holds a password.
        raise ValueError(
            say(
                "The address holds a login. Define a connection of type http in Airflow, "
                "and name it under connection instead"
            )
        )
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            say("This is no address. Write one such as https://api.example.com/orders")
        )
    if parts.query or parts.fragment:
        raise ValueError(say("The address holds ? or #. Write what follows ? under query"))
    return url


def joined(base: str, path: str) -> str:
    """Return the address of `path` below `base`."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base


def resolved(base: str, reference: str) -> str:
    """Return the URL that a reference in an answer from `base` means; "" if it is none."""
    try:
        url = urljoin(base, reference)
        urlsplit(url)
    except ValueError:
        return ""
    return url


def origin(url: str) -> Origin:
    """Return (scheme, host, port) of a URL; ("", "", 0) if it is none that HTTP can reach."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return ("", "", 0)
    if parts.scheme not in _PORTS or not parts.hostname:
        return ("", "", 0)
    return (parts.scheme, parts.hostname, port)


def without_parameters(url: str, names: Collection[str]) -> str:
    """Return `url` without the query parameters of these names."""
    parts = urlsplit(url)
    if not names or not parts.query:
        return url
    kept = [
        pair
        for pair in parts.query.split("&")
        if unquote(pair.partition("=")[0].replace("+", " ")) not in names
    ]
    return urlunsplit(parts._replace(query="&".join(kept)))


def shown(url: str, secret_names: Collection[str] = ()) -> str:
    """Return a URL for people: without login and fragment, with secret parameters masked."""
    parts = urlsplit(url)
    query = [
        (name, "***" if name in secret_names or _SECRET.search(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="*/:,"), ""))


def segment(value: str) -> str | None:
    """Return `value` quoted as one part of a path; None if it cannot be one."""
    return None if value in ("", ".", "..") else quote(value, safe="")
