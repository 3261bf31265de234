"""How a request proves who sends it: from a connection, and from nowhere else."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from etl.connections import Connection
from etl.errors import ConfigError
from etl.messages import say

# What Airflow's HTTP hook reads from the extras for itself. Every other text is a header.
_NO_HEADERS = {
    "allow_redirects",
    "auth",
    "auth_kwargs",
    "auth_name",
    "auth_type",
    "cert",
    "check_response",
    "headers",
    "max_redirects",
    "proxies",
    "proxy",
    "stream",
    "tcp_keep_alive",
    "timeout",
    "trust_env",
    "verify",
}
_KINDS = ("none", "basic", "bearer", "header", "query")


@dataclass(frozen=True)
class Credentials:
    """What goes along with each request to the service, and nowhere else. Never print it.

    `secrets` are the texts that no message may hold; `verify` says how to check the server's
    certificate, as `requests` takes it.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    verify: bool | str = True

    def hide(self, text: str) -> str:
        """Return `text` with every secret replaced."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def credentials(connection: Connection, auth: str | None, auth_name: str | None) -> Credentials:
    """Return what a connection gives for one way to log in; raise ConfigError for what is missing.

    Without `auth`, the connection's extra of that name counts, and else whether it has a login.
    """
    extra = connection.extra
    kind = auth or str(extra.get("auth") or ("basic" if connection.login else "none"))
    name = auth_name or str(extra.get("auth_name") or "")
    if kind not in _KINDS or (kind in ("header", "query") and not name):
        raise ConfigError(
            say(
                "the extra of connection '{connection}' gives no way to log in. Set its auth to "
                "one of {kinds}, and for header and query its auth_name.",
                connection=connection.id,
                kinds=", ".join(_KINDS),
            ),
            field="config.connection",
        )
    headers = _extra_headers(extra)
    query: dict[str, str] = {}
    secrets = list(headers.values())
    if kind == "basic":
        login = f"{connection.login or ''}:{connection.password or ''}"
        packed = base64.b64encode(login.encode()).decode()
        headers["Authorization"] = f"Basic {packed}"
        secrets.append(packed)
    elif kind != "none":
        key = _password(connection, kind)
        if kind == "query":
            query[name] = key
        elif kind == "header":
            headers[name] = key
        else:
            headers["Authorization"] = f"Bearer {key}"
    if connection.password:
        secrets.append(connection.password)
    _check(headers, connection)
    # As services repeat them: in a URL, in JSON.
    forms = {
        form for s in secrets for form in (s, quote(s, ""), quote_plus(s), json.dumps(s)[1:-1])
    }
    # Longest first, so that none is cut by a shorter one; short ones would only garble texts.
    hidden = tuple(sorted((form for form in forms if len(form) > 3), key=len, reverse=True))
    return Credentials(headers, query, hidden, _verify(extra.get("verify", True)))


def _password(connection: Connection, kind: str) -> str:
    if not connection.password:
        raise ConfigError(
            say(
                "connection '{connection}' has no password, which auth {kind} sends. Enter the "
                "key or token as its password under Connections.",
                connection=connection.id,
                kind=kind,
            ),
            field="config.connection",
        )
    return connection.password


def _extra_headers(extra: Mapping[str, object]) -> dict[str, str]:
    nested = extra.get("headers")
    both = {**extra, **nested} if isinstance(nested, Mapping) else extra
    return {n: v for n, v in both.items() if isinstance(v, str) and n.lower() not in _NO_HEADERS}


def _check(headers: Mapping[str, str], connection: Connection) -> None:
    for name, value in headers.items():
        if not value.isprintable() or not value.isascii() or not name.isascii() or " " in name:
            raise ConfigError(
                say(
                    "connection '{connection}' gives a header '{name}' that cannot be sent: it "
                    "must be plain ASCII text on one line. Correct it under Connections.",
                    connection=connection.id,
                    name=name,
                ),
                field="config.connection",
            )


def _verify(value: object) -> bool | str:
    if isinstance(value, str):
        return value.lower() == "true" if value.lower() in ("true", "false") else value
    return bool(value)
