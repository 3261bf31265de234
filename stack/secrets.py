"""The generated secrets of one stack: made once, kept in a file only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    """Every password and key of the stack."""

    postgres: str
    logidata_database: str
    airflow_database: str
    warehouse: str
    redis: str
    supervisor: str
    django_key: str
    admin_password: str
    airflow_password: str
    airflow_fernet_key: str
    airflow_api_key: str
    airflow_jwt: str
    events: str

    @classmethod
    def load_or_create(cls, path: Path) -> Secrets:
        """Return the stack's secrets, making those that are not there yet."""
        known = json.loads(path.read_text()) if path.exists() else {}
        found = cls(
            **{field.name: known.get(field.name) or _new(field.name) for field in fields(cls)}
        )
        if asdict(found) != known:
            write_private(path, json.dumps(asdict(found), indent=1) + "\n")
        return found


def _new(name: str) -> str:
    if name == "airflow_fernet_key":
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
    # Hexadecimal: valid in a URL, a config file and a shell without quoting.
    return secrets.token_hex(32 if name.endswith(("key", "jwt", "events")) else 16)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
