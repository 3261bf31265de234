import configparser
import os
import subprocess
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from stack.catalogue import become, programs_of
from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.ports import Ports
from stack.programs import (
    Stack,
    airflow_environment,
    base_environment,
    connected_environment,
    django_environment,
)
from stack.secrets import Secrets
from stack.supervision import Supervisor, write_config


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    var = tmp_path / "it's an odd; place"
    layout = Layout(PROJECT, var, var / "dags", (var / "data",))
    layout.create()
    return Stack(layout, Ports.choose_free(), Secrets.load_or_create(layout.secrets))


def test_supervisor_reads_every_program_from_a_folder_with_an_odd_name(stack):
    write_config(stack)
    options = ServerOptions()
    options.realize(["-c", str(stack.layout.supervisor_config)])
    programs = {
        config.name: config
        for group in options.process_group_configs
        for config in group.process_configs
    }
    assert set(programs) == {program.name for program in programs_of(stack)}
    assert programs["web"].stdout_logfile == str(stack.layout.logs / "web.log")
    assert programs["web"].directory == str(PROJECT)


def test_the_supervisor_listens_on_loopback_only(stack):
    write_config(stack)
    parser = configparser.RawConfigParser()
    parser.read(stack.layout.supervisor_config)
    assert parser["inet_http_server"]["port"] == f"127.0.0.1:{stack.ports.supervisor}"
    assert parser["inet_http_server"]["password"] == stack.secrets.supervisor


def test_another_stacks_settings_do_not_leak_in(stack, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor")
    monkeypatch.setenv("LOGIDATA_DEBUG", "true")
    assert airflow_environment(stack)["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "LOGIDATA_DEBUG" not in base_environment(stack)


def test_airflow_gets_none_of_djangos_secrets_and_django_none_of_airflows(stack):
    airflow, django = airflow_environment(stack), django_environment(stack)
    assert stack.secrets.django_key not in airflow.values()
    assert not any(stack.secrets.logidata_database in value for value in airflow.values())
    assert stack.secrets.airflow_fernet_key not in django.values()
    assert not any(stack.secrets.airflow_database in value for value in django.values())


def test_both_sides_agree_on_staging_and_data(stack):
    airflow, django = airflow_environment(stack), django_environment(stack)
    for name in ("LOGIDATA_STAGING", "LOGIDATA_DATA_DIRS"):
        assert airflow[name] == django[name]


def test_both_sides_find_the_modules_of_installed_packages(stack):
    for environment in (airflow_environment(stack), django_environment(stack)):
        folders = environment["PYTHONPATH"].split(os.pathsep)
        # Behind the project: a package cannot replace its code.
        assert folders[-1] == str(stack.layout.plugins)


def test_no_secret_stands_in_a_command_line(stack):
    secrets = set(vars(stack.secrets).values())
    for program in programs_of(stack):
        words = " ".join(program.command(stack))
        assert not any(secret in words for secret in secrets), program.name


def test_a_folder_that_the_supervisor_cannot_take_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setenv("LOGIDATA_VAR", "/tmp/100%/var")
    with pytest.raises(StackError, match="Move it"):
        Layout.from_environment()


def test_a_memory_limit_reaches_the_programs(stack, monkeypatch):
    given = {}

    def run(command, env, **options):
        given.update(env)
        return subprocess.CompletedProcess(command, 1, "", "not started here")

    monkeypatch.setenv("LOGIDATA_MEMORY_LIMIT", "300MB")
    monkeypatch.setenv("LOGIDATA_OTHER", "not ours to pass on")
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(StackError):
        Supervisor(stack).start()
    assert given["LOGIDATA_MEMORY_LIMIT"] == "300MB"
    assert "LOGIDATA_OTHER" not in given


def test_connections_reach_what_previews_and_pickers_run_in_and_nothing_else(stack, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", "aws://key:secret@")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://another")
    connected = connected_environment(stack)
    assert connected["AIRFLOW_CONN_LAKE"] == "aws://key:secret@"
    # What Airflow calls `warehouse` here is the stack's own.
    assert connected["AIRFLOW_CONN_WAREHOUSE"] == stack.warehouse_url
    others = {
        program.name
        for program in programs_of(stack)
        if "AIRFLOW_CONN_LAKE" not in program.environment(stack)
    }
    assert {program.name for program in programs_of(stack)} - others == {"web", "previews"}


def test_what_runs_tasks_gives_way_to_what_answers_people(stack, monkeypatch):
    steps = []
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    monkeypatch.setattr(os, "execve", lambda *command: None)
    monkeypatch.setattr(os, "nice", steps.append)
    names = ("airflow-scheduler", "airflow-api-server", "worker", "web", "postgres")
    for name in names:
        become(name, stack)
    given = dict(zip(names, steps, strict=True))
    assert given["web"] == given["postgres"] == 0
    assert given["airflow-scheduler"] > given["airflow-api-server"] > 0
    assert given["worker"] > 0
