"""What a graph says of an HTTP service: where it is, how to log in, how gently to ask."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from etl.http.addresses import check_url
from etl.messages import say
from etl.module import ConnectionId, ModuleConfig

Scalar = str | int | float | bool

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# What carries a secret by its nature. A graph is shown, exported and kept in revisions.
_SECRET_HEADERS = {
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
}
_SECRET_PARAMETERS = {
    "api_key",
    "api-key",
    "apikey",
    "access_token",
    "auth_token",
    "client_secret",
    "password",
}
# What the HTTP library must say itself, or the two would contradict each other.
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "idempotency-key"}


def _check_path(path: str) -> str:
    if "://" in path or set(path) & set("?#\\") or not path.isprintable() or " " in path:
        raise ValueError(
            say(
                "This is no path below the address. Write one such as v1/orders, and "
                "what follows ? under query"
            )
        )
    if any(part in (".", "..") for part in path.split("/")):
        raise ValueError(say("The path holds . or .. as a part. Write it without"))
    return path


def _check_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(
            say("'{name}' cannot name a header or parameter. Use letters, digits and -", name=name)
        )
    return name


class HTTPConfig(ModuleConfig):
    """Settings that every module for HTTP has."""

    connection: ConnectionId | None = Field(
        default=None,
        description="Connection of type http: its host, schema and port make the address, its "
        "login and password the credentials.",
        json_schema_extra={"format": "connection"},
        examples=["shop_api"],
    )
    url: Annotated[str, AfterValidator(check_url)] | None = Field(
        default=None,
        description="Address of a service that needs no credentials, instead of a connection.",
        examples=["https://api.example.com/v1/orders"],
    )
    path: Annotated[str, AfterValidator(_check_path)] = Field(
        default="", description="Path below the address.", examples=["v1/orders"]
    )
    headers: dict[str, str] = Field(
        default={},
        description="Headers to send. Secrets do not belong here, but into the connection.",
        examples=[{"Accept-Language": "en"}],
    )
    query: dict[str, Scalar] = Field(
        default={},
        title="Query parameters",
        description="Query parameters to send, without secrets.",
        examples=[{"status": "paid", "since": "{{ ds }}"}],
    )
    auth: Literal["none", "basic", "bearer", "header", "query"] | None = Field(
        default=None,
        description="How to log in: basic sends the connection's login and password; bearer its "
        "password as a token; header and query send its password in a header or query parameter "
        "of the name auth_name. Empty: what the extra `auth` of the connection says, else basic "
        "if it has a login.",
    )
    auth_name: Annotated[str, AfterValidator(_check_name)] | None = Field(
        default=None,
        description="Name of the header or query parameter that carries the key.",
        examples=["X-Api-Key"],
    )
    requests_per_second: float | None = Field(
        default=None,
        gt=0,
        le=10_000,
        description="At most so many requests a second.",
        examples=[5],
    )
    retries: int = Field(
        default=5,
        ge=0,
        le=20,
        description="How often a request is repeated that the service was too busy for, or that "
        "did not get through.",
    )
    max_wait: float = Field(
        default=60,
        ge=0,
        le=3600,
        description="Seconds to wait at most before a request is repeated. The node fails, to be "
        "retried later, if the service asks for more.",
    )
    connect_timeout: float = Field(
        default=10, gt=0, le=600, description="Seconds to wait for a connection."
    )
    read_timeout: float = Field(
        default=60, gt=0, le=3600, description="Seconds to wait for the service to say something."
    )
    max_response_mb: int = Field(
        default=32, ge=1, le=512, description="Largest answer to accept, in megabytes."
    )

    @field_validator("headers")
    @classmethod
    def _plain_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            _check_name(name)
            if name.casefold() in _SECRET_HEADERS:
                # The value is not repeated: it is a secret.
                raise ValueError(
                    say(
                        "The header '{name}' carries a secret, which a graph must not hold. Put "
                        "it into the password of a connection, and set auth",
                        name=name,
                    )
                )
            if name.casefold() in _OWN_HEADERS:
                raise ValueError(
                    say("The header '{name}' is set by the module itself. Remove it", name=name)
                )
            if not value.isprintable() or not value.isascii():
                raise ValueError(
                    say("The header '{name}' must be plain ASCII text. Correct it", name=name)
                )
        return headers

    @field_validator("query")
    @classmethod
    def _plain_query(cls, query: dict[str, Scalar]) -> dict[str, Scalar]:
        for name in query:
            if name.casefold() in _SECRET_PARAMETERS:
                raise ValueError(
                    say(
                        "The query parameter '{name}' carries a secret, which a graph must not "
                        "hold. Put it into the password of a connection, and set auth to query",
                        name=name,
                    )
                )
        return query

    @model_validator(mode="after")
    def _one_address(self) -> "HTTPConfig":
        if (self.connection is None) == (self.url is None):
            raise ValueError(say("Name either a connection or a url"))
        if self.connection is None and self.auth not in (None, "none"):
            raise ValueError(say("Credentials come from a connection. Name one instead of the url"))
        if self.auth in ("header", "query") and self.auth_name is None:
            raise ValueError(
                say("With auth {auth}, auth_name must say its name. Add it", auth=self.auth)
            )
        if self.auth in ("none", "basic", "bearer") and self.auth_name is not None:
            raise ValueError(
                say("With auth {auth}, auth_name means nothing. Remove it", auth=self.auth)
            )
        return self
