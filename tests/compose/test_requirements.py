"""Each image has the packages that its code imports, and not the other image's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.compose.compose_file import AIRFLOW, PROJECT
from tests.compose.requirements import imported_distributions, normal, pinned

WEB_REQUIREMENTS = "docker/requirements-web.txt"
AIRFLOW_REQUIREMENTS = "docker/requirements-airflow.txt"
OLD_AIRFLOWS = sorted((PROJECT / "tests" / "airflow_versions").glob("requirements-*.txt"))
# Airflow names its own packages; `airflow` is also what its providers' files lie below.
OF_AIRFLOW = "apache-airflow"


def test_the_web_image_has_no_airflow() -> None:
    assert [name for name in pinned(WEB_REQUIREMENTS) if name.startswith(OF_AIRFLOW)] == []


def test_the_airflow_image_has_no_django() -> None:
    django = [name for name in pinned(AIRFLOW_REQUIREMENTS) if name.startswith("django")]
    assert [*django, *({"celery-types", "django-stubs"} & set(pinned(AIRFLOW_REQUIREMENTS)))] == []


@pytest.mark.slow
def test_the_web_image_has_what_its_code_imports() -> None:
    imported = imported_distributions(
        ["etl", "airflow_bridge", "pipelines", "executions", "alerts", "logidata"]
    )
    assert {"django", "celery"} <= set(imported)
    assert {
        name: where for name, where in imported.items() if name not in pinned(WEB_REQUIREMENTS)
    } == {}


@pytest.mark.slow
def test_the_airflow_image_has_what_its_code_imports() -> None:
    imported = imported_distributions(["etl", "dags/operators"])
    assert "duckdb" in imported
    direct = {
        normal(re.split(r"[\[<>=;]", line)[0])
        for name in ("airflow", "etl")
        for line in (PROJECT / f"docker/requirements-{name}.in").read_text().splitlines()
        if line and not line.startswith(("#", "-r "))
    }
    missing = {
        name: where
        for name, where in imported.items()
        if name not in direct and not name.startswith(OF_AIRFLOW)
    }
    assert missing == {}
    assert direct <= set(pinned(AIRFLOW_REQUIREMENTS))


def test_what_both_sides_of_the_data_plane_run_is_of_one_version() -> None:
    web, airflow = pinned(WEB_REQUIREMENTS), pinned(AIRFLOW_REQUIREMENTS)
    shared = {"duckdb", "pandas", "pyarrow", "pydantic", "psycopg", "jinja2"}
    assert {name: web[name] for name in shared} == {name: airflow[name] for name in shared}


def test_the_base_image_has_the_airflow_that_is_pinned() -> None:
    (base,) = re.findall(r"^FROM (.+)$", (PROJECT / AIRFLOW).read_text(), re.MULTILINE)
    assert f"-{pinned(AIRFLOW_REQUIREMENTS)['apache-airflow']}-" in base


@pytest.mark.parametrize("path", OLD_AIRFLOWS, ids=lambda path: path.stem)
def test_an_old_airflow_is_tested_beside_the_versions_that_the_web_image_runs(path: Path) -> None:
    web, airflow = pinned(WEB_REQUIREMENTS), pinned(str(path.relative_to(PROJECT)))
    shared = {"duckdb", "pandas", "pyarrow", "pydantic", "psycopg", "s3fs", "sqlglot"}
    assert {name: web[name] for name in shared} == {name: airflow[name] for name in shared}
    assert airflow["apache-airflow"] == path.stem.removeprefix("requirements-")


def test_requirements_are_pinned_with_hashes() -> None:
    assert len(OLD_AIRFLOWS) == 2
    for path in (WEB_REQUIREMENTS, AIRFLOW_REQUIREMENTS, *OLD_AIRFLOWS):
        text = Path(PROJECT / path).read_text()
        assert text.count("==") <= text.count("--hash=sha256:")
        assert "--index-url" not in text
