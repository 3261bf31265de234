"""Files stay below the data folders, and are replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import ConfigError, DataError, ETLError
from etl.files import readable, replaced, writable
from etl.messages import Message
from tests.etl.conftest import Lab


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.csv").write_text("a\n1\n")
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.csv",
        "sub/../../outside/secret.csv",
        "/etc/passwd",
        "//etc/passwd",
        "~/secret.csv",
        "..",
        "C:\\secret.csv",
        "..\\outside\\secret.csv",
        "*.csv",
        "secret[1].csv",
        "a\x00.csv",
        "a\n.csv",
    ],
)
@pytest.mark.parametrize("module", ["extract.csv", "load.csv", "load.parquet"])
def test_a_path_that_leaves_the_data_folder_is_refused(
    lab: Lab, outside: Path, module: str, path: str
) -> None:
    rows = None if module == "extract.csv" else "SELECT 1 AS a"

    with pytest.raises(ConfigError) as caught:
        lab.run(module, {"path": path}, rows)

    assert caught.value.field == "config.path"
    assert sorted(p.name for p in outside.iterdir()) == ["secret.csv"]


def test_a_link_out_of_the_data_folder_is_not_followed_when_reading(
    lab: Lab, outside: Path
) -> None:
    (lab.data / "link.csv").symlink_to(outside / "secret.csv")
    (lab.data / "folder").symlink_to(outside)

    for path in ("link.csv", "folder/secret.csv"):
        with pytest.raises(ConfigError, match="through a link"):
            lab.run("extract.csv", {"path": path})


def test_a_link_out_of_the_data_folder_is_not_followed_when_writing(
    lab: Lab, outside: Path
) -> None:
    (lab.data / "link.csv").symlink_to(outside / "secret.csv")
    (lab.data / "dangling.csv").symlink_to(outside / "new.csv")
    (lab.data / "folder").symlink_to(outside)

    for path in ("link.csv", "dangling.csv", "folder/secret.csv", "folder/new/deep.csv"):
        with pytest.raises(ConfigError):
            lab.run("load.csv", {"path": path}, "SELECT 2 AS a")

    assert (outside / "secret.csv").read_text() == "a\n1\n"
    assert sorted(path.name for path in outside.iterdir()) == ["secret.csv"]


def test_a_link_within_the_data_folder_is_fine(lab: Lab) -> None:
    (lab.data / "real.csv").write_text("a\n1\n")
    (lab.data / "link.csv").symlink_to(lab.data / "real.csv")

    assert lab.run("extract.csv", {"path": "link.csv"})["shape"] == [1, 1]


def test_data_folders_are_searched_in_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "both.csv").write_text(folder.name)
    (second / "only.csv").write_text("x")

    assert readable("both.csv", [first, second]).read_text() == "first"
    assert readable("only.csv", [first, second]) == (second / "only.csv").resolve()


def test_a_missing_file_is_named_with_the_folders_that_were_searched(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        readable("orders.csv", [tmp_path])

    assert str(caught.value) == (
        f"file 'orders.csv' does not exist in {tmp_path}. Put it there, or correct the path."
    )


def test_files_are_written_below_the_first_data_folder_only(tmp_path: Path) -> None:
    target = writable("reports/may.csv", [tmp_path / "first", tmp_path / "second"])

    assert target == (tmp_path / "first" / "reports" / "may.csv").resolve()


@pytest.mark.parametrize("module", ["load.csv", "load.parquet"])
def test_a_load_that_fails_leaves_the_old_file(
    lab: Lab, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.run(module, {"path": "out"}, "SELECT 1 AS a")
    before = (lab.data / "out").read_bytes()

    def fails(self: Path, target: Path) -> Path:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises((ETLError, OSError)):
        lab.run(module, {"path": "out"}, "SELECT 2 AS a", node_id="second")

    assert (lab.data / "out").read_bytes() == before
    assert [path.name for path in lab.data.iterdir()] == ["out"]


def test_a_reader_sees_the_old_file_until_the_new_one_is_complete(lab: Lab) -> None:
    (lab.data / "out.csv").write_text("old")

    with replaced("out.csv", lab.context()) as temporary:
        temporary.write_text("half")
        assert (lab.data / "out.csv").read_text() == "old"
        temporary.write_text("new")

    assert (lab.data / "out.csv").read_text() == "new"
    assert [path.name for path in lab.data.iterdir()] == ["out.csv"]


def test_csv_written_is_csv_read(lab: Lab) -> None:
    rows = [
        {"id": 1, "text": 'a "quoted", value\nof two lines', "day": "2024-05-01"},
        {"id": 2, "text": "ø ✓", "day": None},
    ]
    lab.run("load.csv", {"path": "deep/er/out.csv"}, rows)

    result = lab.run("extract.csv", {"path": "deep/er/out.csv", "types": {"day": "VARCHAR"}})

    assert lab.records(result) == rows


def test_a_loader_reports_its_target_and_no_dataset(lab: Lab) -> None:
    result = lab.run("load.parquet", {"path": "out.parquet"}, "SELECT range AS a FROM range(3)")

    assert result["uri"] is None
    assert result["target"] == "out.parquet"
    assert result["shape"] == [3, 1]
    assert result["metrics"]["rows_out"] == 3


def test_a_path_that_is_refused_is_so_in_a_message_within_a_message(lab: Lab) -> None:
    with pytest.raises(ConfigError) as caught:
        writable("../t.csv", [lab.data])

    message = caught.value.message
    assert message == "'../t.csv' leaves the data folder. Name a file below it."
    assert isinstance(message, Message)
    assert isinstance(message.values["problem"], Message)


def test_that_there_is_no_data_folder_can_be_translated(lab: Lab) -> None:
    with pytest.raises(DataError, match="does not exist in no folder at all") as caught:
        readable("t.csv", [])

    assert isinstance(caught.value.message, Message)
    assert isinstance(caught.value.message.values["folders"], Message)
