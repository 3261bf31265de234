"""Each image has the packages that its code imports, and not the other image's."""

from __future__ import annotations

import re
from pathlib import Path

from tests.compose.compose_file import AIRFLOW, PROJECT
from tests.compose.requirements import imported_distributions, normal, pinned

WEB_REQUIREMENTS = "docker/requirements-web.txt"
AIRFLOW_REQUIREMENTS = "docker/requirements-airflow.txt"
# Airflow names its own packages; `airflow` is also what its providers' files lie below.
OF_AIRFLOW = "apache-airflow"


def test_the_web_image_has_no_airflow() -> None:
    assert [name for name in pinned(WEB_REQUIREMENTS) if name.startswith(OF_AIRFLOW)] == []


def test_the_airflow_image_has_no_django() -> None:
    django = [name for name in pinned(AIRFLOW_REQUIREMENTS) if name.startswith("django")]
    assert [*django, *({"celery-types", "django-stubs"} & set(pinned(AIRFLOW_REQUIREMENTS)))] == []


def test_the_web_image_has_what_its_code_imports() -> None:
    imported = imported_distributions(
        ["etl", "airflow_bridge", "pipelines", "executions", "logidata"]
    )
    assert {"django", "celery"} <= set(imported)
    assert {
        name: where for name, where in imported.items() if name not in pinned(WEB_REQUIREMENTS)
    } == {}


def test_the_airflow_image_has_what_its_code_imports() -> None:
    imported = imported_distributions(["etl", "dags/operators"])
    assert "duckdb" in imported
    direct = {
        normal(re.split(r"[\[<>=;]", line)[0])
        for line in (PROJECT / "docker/requirements-airflow.in").read_text().splitlines()
        if line and not line.startswith("#")
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


def test_requirements_are_pinned_with_hashes() -> None:
    for path in (WEB_REQUIREMENTS, AIRFLOW_REQUIREMENTS):
        text = Path(PROJECT / path).read_text()
        assert text.count("==") <= text.count("--hash=sha256:")
        assert "--index-url" not in text
