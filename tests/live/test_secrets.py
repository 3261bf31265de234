"""No secret of the stack stands in anything that it wrote, but where it belongs.

The last file by its name: what the tests before it did, and made go wrong, is written by now.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from stack.supervision import processes_of
from tests.live.client import LiveStack
from tests.live.nodes import ORDERS, chain, csv_node, load_node

# A token of Airflow: a header and claims, each the Base64 of a JSON object, and a signature.
JWT = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}")


def secrets(live: LiveStack) -> dict[str, bytes]:
    found = vars(live.stack.secrets) | {"token": live.env["LOGIDATA_TOKEN"]}
    return {name: value.encode() for name, value in found.items()}


def keepers(live: LiveStack) -> set[Path]:
    """The files that are there to hold secrets."""
    layout = live.stack.layout
    return {
        layout.secrets,
        layout.env_file,
        layout.supervisor_config,
        layout.airflow_passwords,
        layout.redis_data / "valkey.conf",
    }


def files(live: LiveStack) -> list[Path]:
    found = (path for path in live.var.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in found if path not in keepers(live)]


def test_no_secret_stands_in_a_log_or_in_any_other_file_of_the_stack(live: LiveStack) -> None:
    (live.data / "secret.csv").write_text(ORDERS)
    execution = live.run(live.create(*chain(csv_node("secret.csv"), load_node("live_secret"))))
    assert execution["status"] == "success", execution
    live.define_connection("live_secret_wrong", password="not the password 4711")
    wrong = load_node("live_secret", connection="live_secret_wrong")
    assert live.run(live.create(*chain(csv_node("secret.csv"), wrong)))["status"] == "failed"

    looked_for = secrets(live) | {"password of a connection": b"not the password 4711"}
    looked_at = files(live)
    logs = [path for path in looked_at if path.is_relative_to(live.stack.layout.logs)]
    assert any(b"live_secret_wrong" in path.read_bytes() for path in logs)
    told = []
    for path in looked_at:
        content = path.read_bytes()
        told += [(str(path), name) for name, secret in looked_for.items() if secret in content]
        if path in logs and JWT.search(content):
            told.append((str(path), "a token of Airflow"))
    assert told == []


def test_the_files_that_hold_secrets_are_the_owners_alone(live: LiveStack) -> None:
    assert stat.S_IMODE(live.var.stat().st_mode) == 0o700
    for path in keepers(live):
        assert (path, stat.S_IMODE(path.stat().st_mode)) == (path, 0o600)


def test_no_secret_stands_in_a_command_line_of_a_running_process(live: LiveStack) -> None:
    lines = [" ".join(process.cmdline()) for process in processes_of(live.stack.layout)]
    assert len(lines) > 9
    for name, secret in secrets(live).items():
        assert not any(secret.decode() in line for line in lines), name
