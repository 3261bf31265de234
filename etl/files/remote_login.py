"""What fsspec needs to log in to a storage, from an Airflow connection."""

from collections.abc import Mapping
from typing import Any

from etl.connections import Connection

# What an upload or a download takes at once.
CHUNK_BYTES = 16 * 1024 * 1024


def login_options(scheme: str, connection: Connection) -> dict[str, Any]:
    """Return the arguments of the file system of a scheme; they hold secrets."""
    if scheme == "s3":
        return _s3_options(connection)
    extra = connection.extra
    if scheme in ("gs", "gcs"):
        token = extra.get("keyfile_dict") or extra.get("key_path") or extra.get("token")
        return {"token": token or "google_default", "project": extra.get("project")}
    if scheme in ("az", "abfs"):
        own = {"account_name": connection.login, "account_key": connection.password}
        named = ("connection_string", "sas_token", "client_id", "client_secret", "tenant_id")
        return {
            name: value
            for name, value in {**own, **{name: extra.get(name) for name in named}}.items()
            if value
        }
    return {
        "host": connection.host or "localhost",
        "port": connection.port or 22,
        "username": connection.login,
        "password": connection.password,
        "timeout": 20,
    }


def _s3_options(connection: Connection) -> dict[str, Any]:
    extra: Mapping[str, Any] = connection.extra
    endpoint = extra.get("endpoint_url") or _endpoint(connection)
    client = {"endpoint_url": endpoint, "region_name": extra.get("region_name")}
    style = {"addressing_style": extra["addressing_style"]} if "addressing_style" in extra else {}
    return {
        "key": connection.login or None,
        "secret": connection.password or None,
        "token": extra.get("aws_session_token"),
        "anon": str(extra.get("anon", "")).lower() in ("true", "1"),
        "client_kwargs": {name: value for name, value in client.items() if value},
        "config_kwargs": {
            "connect_timeout": 10,
            "read_timeout": 60,
            "retries": {"max_attempts": 3, "mode": "standard"},
            **({"s3": style} if style else {}),
        },
        # Bounds what an upload or a download holds in memory.
        "max_concurrency": 2,
        "default_block_size": CHUNK_BYTES,
        "use_listings_cache": False,
    }


def _endpoint(connection: Connection) -> str | None:
    if not connection.host:
        return None
    if "://" in connection.host:
        return connection.host
    port = f":{connection.port}" if connection.port else ""
    return f"https://{connection.host}{port}"
