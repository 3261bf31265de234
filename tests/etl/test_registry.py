"""The modules that exist, and what is published of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from etl import registry
from etl.catalogue import module_pages
from etl.errors import ConfigError
from etl.module import Module
from etl.registry import UnknownModuleError, all_modules, catalogue, get_module
from tests.etl.conftest import Rows

PROJECT = Path(__file__).parents[2]
KEYS = {
    "extract.csv",
    "extract.excel",
    "extract.json",
    "extract.jsonl",
    "extract.parquet",
    "extract.http",
    "extract.sql",
    "transform.filter",
    "transform.select",
    "transform.derive",
    "transform.cast",
    "transform.aggregate",
    "transform.join",
    "transform.sort",
    "transform.split",
    "transform.limit",
    "transform.sample",
    "transform.deduplicate",
    "transform.union",
    "transform.fill",
    "transform.window",
    "transform.pivot",
    "transform.unpivot",
    "transform.lookup",
    "transform.quality",
    "transform.sql",
    "load.http",
    "load.postgres",
    "load.mysql",
    "load.sqlite",
    "load.csv",
    "load.excel",
    "load.jsonl",
    "load.parquet",
}


@pytest.fixture(autouse=True)
def _without_made_up_rows(_made_up_rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(registry._BUILT_IN, Rows.key)


def test_the_built_in_modules_are_these() -> None:
    assert set(all_modules()) == KEYS


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_module_is_complete(key: str) -> None:
    module = get_module(key)

    assert module.key == key
    assert key.startswith(f"{module.kind}.")
    assert module.title
    assert (module.__doc__ or "").strip()
    for name, field in module.Config.model_fields.items():
        assert field.description, f"{key}: {name} has no description"


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_module_has_a_test_and_a_documentation_entry(key: str) -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))

    assert f'"{key}"' in tests
    assert module_pages()[f"{key}.md"].startswith(f"# `{key}`")


def test_the_catalogue_is_json() -> None:
    entries = {entry["key"]: entry for entry in json.loads(json.dumps(catalogue()))}

    assert set(entries) == KEYS
    assert entries["transform.join"]["ports"] == ["left", "right"]
    assert entries["transform.sql"]["variadic"] is True
    schema = entries["load.postgres"]["config_schema"]
    assert schema["properties"]["connection"]["format"] == "connection"
    assert schema["required"] == ["connection", "table"]


def test_the_catalogue_tells_an_editor_what_to_offer() -> None:
    entries = {entry["key"]: entry for entry in catalogue()}
    load = entries["load.postgres"]["config_schema"]["properties"]
    assert {name: field.get("x-picker") for name, field in load.items()} == {
        "max_rejected": None,
        "mode": None,
        "keys": "columns",
        "partition_by": "columns",
        "on_drift": None,
        "connection": "connection",
        "table": "table",
    }
    assert entries["extract.csv"]["config_schema"]["properties"]["path"]["x-picker"] == "file"
    join = entries["transform.join"]["config_schema"]["properties"]
    assert (join["left_keys"]["x-port"], join["right_keys"]["x-port"]) == ("left", "right")
    measure = entries["transform.aggregate"]["config_schema"]["$defs"]["Measure"]["properties"]
    assert measure["column"]["x-picker"] == "column"
    assert "x-picker" not in measure["name"]


def test_the_catalogue_tells_which_outputs_a_module_has() -> None:
    outputs = {entry["key"]: entry["outputs"] for entry in catalogue()}
    assert outputs["transform.split"] == "named"
    assert outputs["load.csv"] == "none"
    assert {key for key, kind in outputs.items() if kind == "one"} == {
        key for key in KEYS if not key.startswith("load.") and key != "transform.split"
    }
    (entry,) = [entry for entry in catalogue() if entry["key"] == "transform.filter"]
    assert entry["summary"] == "Keep the rows for which a SQL condition holds."
    assert "where" in entry["keywords"].split(", ")


def test_the_pages_in_docs_are_the_generated_ones() -> None:
    folder = PROJECT / "docs" / "modules"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert written == module_pages(), "run: make docs"


@pytest.mark.parametrize("key", ["os.system", "etl.modules.filter:Filter", "", "transform"])
def test_a_key_is_looked_up_and_never_imported(key: str) -> None:
    with pytest.raises(UnknownModuleError, match=r"does not exist\. Pick one of extract\.csv"):
        get_module(key)


def entry_points(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = [
        EntryPoint(name.replace("_", "."), value, registry.ENTRY_POINTS)
        for name, value in points.items()
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: found)
    registry._third_party.cache_clear()


@pytest.fixture(autouse=True)
def _forget_entry_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    entry_points(monkeypatch)
    yield
    monkeypatch.undo()
    registry._third_party.cache_clear()


def test_an_installed_package_can_add_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    entry_points(monkeypatch, test_rows="tests.etl.conftest:Rows")

    assert issubclass(get_module("test.rows"), Module)
    assert "test.rows" in {entry["key"] for entry in catalogue()}


def test_an_installed_package_cannot_replace_a_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    entry_points(monkeypatch, load_csv="tests.etl.conftest:Rows")

    assert get_module("load.csv").__module__ == "etl.modules.load_csv"


def test_a_package_that_does_not_load_is_named_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry_points(monkeypatch, test_gone="nowhere.at.all:Gone")

    with pytest.raises(ConfigError, match=r"'test\.gone' cannot be loaded.*Repair the package"):
        get_module("test.gone")
    assert set(all_modules()) == KEYS


def test_an_entry_point_that_is_no_module_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry_points(monkeypatch, test_path="pathlib:Path")

    with pytest.raises(ConfigError, match=r"is no etl\.module\.Module"):
        get_module("test.path")
