"""What the errors of storages mean, without the secrets that they may hold."""

import asyncio

from etl.errors import ConfigError, DataError, ETLError, TransientError
from etl.messages import Message, say

_REFUSED = {
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "403",
}
# The packages whose errors tell that a server is down.
_CLIENTS = ("aiohttp", "aiobotocore", "botocore", "gcsfs", "azure", "paramiko")
# Errors that say nothing of a server that is down: the connection itself is wrong.
_UNUSABLE = ("NoCredentialsError", "PartialCredentialsError", "ParamValidationError")


def explain_storage(error: Exception, uri: str, connection_id: str) -> ETLError | None:
    """Return what an error of a storage means to whoever owns the pipeline, or None."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    details = response.get("Error", {}) if isinstance(response, dict) else {}
    code = str(details.get("Code", "")) if isinstance(details, dict) else ""
    if isinstance(error, PermissionError) or code in _REFUSED:
        return ConfigError(_refused(uri, connection_id, code), field="config.connection")
    if isinstance(error, FileNotFoundError):
        return DataError(_missing(uri, code), field="config.path")
    name = type(error).__name__
    if name in _UNUSABLE or "Authentication" in name:
        return ConfigError(
            say(
                "connection '{connection}' holds no login that can be used for '{uri}' ({reason}). "
                "Give it one in Airflow under Connections.",
                connection=connection_id,
                uri=uri,
                reason=name,
            ),
            field="config.connection",
        )
    if isinstance(error, OSError | asyncio.TimeoutError) or _package(error) in _CLIENTS:
        return TransientError(
            say(
                "the storage of connection '{connection}' cannot be reached for '{uri}' "
                "({reason}). Check that it is up and its address right, then execute again.",
                connection=connection_id,
                uri=uri,
                reason=code or name,
            )
        )
    return None


def _package(error: Exception) -> str:
    return type(error).__module__.partition(".")[0]


def _refused(uri: str, connection_id: str, code: str) -> Message:
    if not code:
        return say(
            "the storage refuses connection '{connection}' for '{uri}'. Check its login, password "
            "and rights in Airflow under Connections.",
            connection=connection_id,
            uri=uri,
        )
    return say(
        "the storage refuses connection '{connection}' for '{uri}' ({code}). Check its login, "
        "password and rights in Airflow under Connections.",
        connection=connection_id,
        uri=uri,
        code=code,
    )


def _missing(uri: str, code: str) -> Message:
    if code == "NoSuchBucket":
        return say(
            "'{uri}' does not exist (no such bucket). Put it there, or correct the path.", uri=uri
        )
    return say("'{uri}' does not exist. Put it there, or correct the path.", uri=uri)
