import json
import stat
from dataclasses import asdict

from stack.secrets import Secrets, write_private


def test_secrets_are_made_once_and_kept_private(tmp_path):
    path = tmp_path / "secrets.json"
    first = Secrets.load_or_create(path)
    assert Secrets.load_or_create(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    values = list(asdict(first).values())
    assert len(set(values)) == len(values)
    assert all(len(value) >= 32 for value in values)


def test_a_secret_that_a_newer_version_needs_is_added_and_the_others_stay(tmp_path):
    path = tmp_path / "secrets.json"
    first = asdict(Secrets.load_or_create(path))
    del first["redis"]
    path.write_text(json.dumps(first))
    second = asdict(Secrets.load_or_create(path))
    assert second.pop("redis")
    assert second == first


def test_a_private_file_replaces_one_that_others_could_read(tmp_path):
    path = tmp_path / "logidata.env"
    path.write_text("OLD=1")
    path.chmod(0o644)
    write_private(path, "NEW=1")
    assert path.read_text() == "NEW=1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
