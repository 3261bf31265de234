import os
import sys
from pathlib import Path

import pytest

from stack.airflow import PYTHON_VARIABLE, Airflow
from stack.catalogue import programs_of
from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.programs import Stack, airflow_environment, django_environment
from stack.secrets import Secrets


def stack_with(airflow: Airflow, var: Path) -> Stack:
    layout = Layout(PROJECT, var, var / "dags", (var / "data",))
    layout.create()
    return Stack(layout, Ports.choose_free(), Secrets.load_or_create(layout.secrets), airflow)


def a_python(folder: Path, script: str) -> str:
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return str(python)


def test_without_another_the_stack_runs_the_airflow_of_its_own_environment(monkeypatch):
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    airflow = Airflow.choose()
    assert (airflow.python, airflow.major) == (sys.executable, 3)


def test_the_airflow_of_another_interpreter_is_kept_for_every_later_command(tmp_path, monkeypatch):
    python = a_python(tmp_path, "echo 2.11.2")
    monkeypatch.setenv(PYTHON_VARIABLE, python)
    chosen = Airflow.choose()
    assert chosen == Airflow(python, "2.11.2")
    chosen.save(tmp_path / "airflow.json")
    monkeypatch.delenv(PYTHON_VARIABLE)
    assert Airflow.load(tmp_path / "airflow.json") == chosen


@pytest.mark.parametrize("script", ["echo no such package >&2; exit 1", "echo 1.10.15"])
def test_an_interpreter_without_an_airflow_to_run_is_refused_by_name(tmp_path, monkeypatch, script):
    python = a_python(tmp_path, script)
    monkeypatch.setenv(PYTHON_VARIABLE, python)
    with pytest.raises(StackError, match=f"{PYTHON_VARIABLE} is {python}"):
        Airflow.choose()


def test_airflow_2_has_a_web_server_in_place_of_what_came_with_airflow_3(tmp_path):
    old = stack_with(Airflow("/old/bin/python", "2.8.4"), tmp_path / "old")
    names = [program.name for program in programs_of(old)]
    assert names == [
        *("postgres", "redis", "airflow-webserver", "airflow-scheduler", "web", "worker"),
        "previews",
        "alerts",
        "beat",
    ]
    commands = {program.name: program.command(old) for program in programs_of(old)}
    assert commands["airflow-scheduler"][0] == "/old/bin/python"
    assert commands["worker"][0] == sys.executable


def test_airflow_2_and_logidata_agree_on_how_long_a_dag_is_kept(tmp_path):
    old = stack_with(Airflow("/old/bin/python", "2.8.4"), tmp_path)
    kept = airflow_environment(old)["AIRFLOW__CORE__MIN_SERIALIZED_DAG_FETCH_INTERVAL"]
    assert django_environment(old)["AIRFLOW_DAG_FETCH_INTERVAL"] == kept


def test_airflow_2_gets_no_settings_of_airflow_3_and_the_other_way_round(tmp_path):
    old = airflow_environment(stack_with(Airflow("/old/bin/python", "2.8.4"), tmp_path / "old"))
    new = airflow_environment(stack_with(Airflow.own(), tmp_path / "new"))
    assert "AIRFLOW__API__AUTH_BACKENDS" in old.keys() - new.keys()
    assert "AIRFLOW__API_AUTH__JWT_SECRET" in new.keys() - old.keys()
    assert old["PATH"] == new["PATH"] == os.environ["PATH"]
