"""The groups of a new installation, and how an administrator puts people into them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db

ADD = "/admin/auth/user/add/"


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="correct horse"))
    return client


def migrated() -> None:
    call_command("migrate", stdout=StringIO())


def codenames(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


def test_a_migration_makes_the_groups_that_are_missing() -> None:
    Group.objects.all().delete()
    migrated()
    operators, viewers = codenames("Operators"), codenames("Viewers")
    assert {"add_pipeline", "execute_pipeline", "cancel_pipelineexecution"} <= operators
    assert "add_user" not in operators
    assert {"view_pipeline", "view_pipelineexecution", "view_alertrule"} <= viewers
    assert {name.partition("_")[0] for name in viewers} == {"view"}


def test_what_an_administrator_took_from_a_group_stays_away() -> None:
    migrated()
    gone = Permission.objects.get(codename="delete_pipeline")
    Group.objects.get(name="Operators").permissions.remove(gone)
    migrated()
    assert "delete_pipeline" not in codenames("Operators")


def test_a_colleague_is_added_with_a_group_and_sees_what_it_allows(boss: Client) -> None:
    page = boss.get(ADD).content.decode()
    assert ">Operators</option>" in page
    assert ">Viewers</option>" in page
    body = {
        "username": "eve",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
        "is_staff": "on",
        "groups": [str(Group.objects.get(name="Viewers").pk)],
    }
    assert boss.post(ADD, body).status_code == 302
    eve = Client()
    assert eve.login(username="eve", password="correct horse battery")
    assert eve.get("/admin/pipelines/pipeline/").status_code == 200
    assert eve.get("/admin/pipelines/pipeline/add/").status_code == 403


def test_the_console_is_proposed_to_a_new_colleague(boss: Client) -> None:
    form = boss.get(ADD).context["adminform"].form
    assert form["is_staff"].value() is True
