"""Periodic tasks in the admin: operators choose when, superusers what."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

LIST = "/admin/django_celery_beat/periodictask/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that were sent to the worker."""
    names: list[str] = []
    monkeypatch.setattr("celery.Task.apply_async", lambda task, **_: names.append(task.name))
    return names


@pytest.fixture
def sync(db: None) -> PeriodicTask:
    task: PeriodicTask = PeriodicTask.objects.get(task="executions.tasks.sync_executions")
    return task


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss(db: None) -> Client:
    return signed_in(User.objects.create_superuser("boss"))


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("ann", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return signed_in(user)


@pytest.fixture
def operator(db: None) -> Client:
    return staff(
        "view_periodictask", "add_periodictask", "change_periodictask", "delete_periodictask"
    )


def page(task: PeriodicTask) -> str:
    return f"{LIST}{task.pk}/change/"


def run_now(client: Client, task: PeriodicTask) -> None:
    client.post(LIST, {"action": "run_tasks", "_selected_action": [task.pk]})


def test_an_operator_chooses_when_a_task_runs(operator: Client, sync: PeriodicTask) -> None:
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    assert operator.get(page(sync)).status_code == 200
    answer = operator.post(page(sync), {"enabled": "on", "interval": hourly.pk, "crontab": ""})
    assert answer.status_code == 302
    sync.refresh_from_db()
    assert sync.interval == hourly
    assert sync.enabled


def test_an_operator_cannot_choose_what_runs(operator: Client, sync: PeriodicTask) -> None:
    before = sync.args, sync.kwargs, sync.headers
    answer = operator.post(
        page(sync),
        {
            "name": "mine",
            "task": "executions.tasks.execute_pipeline",
            "regtask": "executions.tasks.execute_pipeline",
            "args": '["x"]',
            "kwargs": '{"a": 1}',
            "headers": '{"a": 1}',
            "enabled": "on",
            "interval": sync.interval_id,
        },
    )
    assert answer.status_code == 302
    sync.refresh_from_db()
    assert sync.task == "executions.tasks.sync_executions"
    assert (sync.args, sync.kwargs, sync.headers) == before
    assert operator.get(f"{LIST}add/").status_code == 403


def test_an_operator_cannot_run_a_task_now(
    operator: Client, sync: PeriodicTask, sent: list[str]
) -> None:
    run_now(operator, sync)
    assert sent == []


def test_an_operator_switches_tasks_off_together(operator: Client, sync: PeriodicTask) -> None:
    operator.post(LIST, {"action": "disable_tasks", "_selected_action": [sync.pk]})
    sync.refresh_from_db()
    assert not sync.enabled


@pytest.mark.parametrize("action", ["disable_tasks", "toggle_tasks"])
def test_who_may_only_look_switches_nothing_off(sync: PeriodicTask, action: str) -> None:
    staff("view_periodictask").post(LIST, {"action": action, "_selected_action": [sync.pk]})
    sync.refresh_from_db()
    assert sync.enabled


def test_a_superuser_chooses_what_runs_and_runs_it(
    boss: Client, sync: PeriodicTask, sent: list[str]
) -> None:
    changed = {
        "name": sync.name,
        "task": "pipelines.tasks.reconcile_deployments",
        "args": "[]",
        "kwargs": "{}",
        "headers": "{}",
        "enabled": "on",
        "interval": sync.interval_id,
    }
    assert boss.get(page(sync)).status_code == 200
    assert boss.get(f"{LIST}add/").status_code == 200
    assert boss.post(page(sync), changed).status_code == 302
    sync.refresh_from_db()
    run_now(boss, sync)
    assert sent == ["pipelines.tasks.reconcile_deployments"]


def test_when_a_task_runs_is_said_in_good_french(boss: Client, sync: PeriodicTask) -> None:
    listed = boss.get(LIST, headers={"Accept-Language": "fr"}).content.decode()
    opened = boss.get(page(sync), headers={"Accept-Language": "fr"}).content.decode()

    assert "à intervalles de 5 secondes" in listed
    assert "chaque 5 secondes" not in listed
    assert "Crontab en toutes lettres" in opened
    assert "Crontab translation" not in opened
