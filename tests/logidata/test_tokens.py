"""Tokens for the API, and the commands that set people up."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

URL = "/api/v1/auth/token"


def bearer(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def issue(*arguments: str) -> str:
    out = StringIO()
    call_command("issue_token", *arguments, stdout=out)
    return out.getvalue().strip()


def test_a_token_opens_the_api_and_only_its_hash_is_kept(ann: User, anonymous: APIClient) -> None:
    answer = anonymous.post(URL, {"username": "ann", "password": "correct horse"})
    assert answer.status_code == 200
    token = answer.json()["token"]
    assert bearer(token).get("/api/v1/modules").status_code == 200
    assert token not in str(AuthToken.objects.values())


def test_a_wrong_password_is_a_401_in_the_error_shape(ann: User, anonymous: APIClient) -> None:
    answer = anonymous.post(URL, {"username": "ann", "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["type"] == "authentication-failed"


def test_an_inactive_user_gets_no_token(ann: User, anonymous: APIClient) -> None:
    User.objects.update(is_active=False)
    answer = anonymous.post(URL, {"username": "ann", "password": "correct horse"})
    assert answer.status_code == 401


def test_missing_fields_are_named(db: None, anonymous: APIClient) -> None:
    answer = anonymous.post(URL, {})
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"username", "password"}


def test_fields_that_a_token_does_not_have_are_named(ann: User, anonymous: APIClient) -> None:
    body = {"username": "ann", "password": "correct horse", "days": 7}
    answer = anonymous.post(URL, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["days"]
    assert not AuthToken.objects.exists()


def test_an_old_token_in_the_header_does_not_stand_in_the_way(ann: User) -> None:
    answer = bearer("expired").post(URL, {"username": "ann", "password": "correct horse"})
    assert answer.status_code == 200


def test_a_token_can_be_revoked(ann: User) -> None:
    client = bearer(issue("--username", "ann"))
    assert client.delete(URL).status_code == 204
    assert client.get("/api/v1/modules").status_code == 401


def test_an_expired_token_is_a_401(ann: User) -> None:
    token = issue("--username", "ann")
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert bearer(token).get("/api/v1/modules").status_code == 401


def test_an_issued_token_passes_its_check(ann: User) -> None:
    token = issue("--username", "ann")
    assert bearer(token).get("/api/v1/modules").status_code == 200
    issue("--username", "ann", "--check", token)


def test_a_token_that_ends_within_a_day_fails_its_check(ann: User) -> None:
    token = issue("--username", "ann")
    AuthToken.objects.update(expiry=timezone.now() + timedelta(hours=23))
    with pytest.raises(CommandError, match="Issue a new one"):
        issue("--username", "ann", "--check", token)


@pytest.mark.parametrize("token", ["", "nonsense", "é"])
def test_what_is_no_token_fails_its_check(ann: User, token: str) -> None:
    with pytest.raises(CommandError):
        issue("--username", "ann", "--check", token)


def test_another_users_token_fails_the_check(ann: User) -> None:
    User.objects.create_user("bob")
    with pytest.raises(CommandError):
        issue("--username", "bob", "--check", issue("--username", "ann"))


def test_no_token_for_nobody(db: None) -> None:
    with pytest.raises(CommandError, match="create_operator"):
        issue("--username", "nobody")


def test_creating_an_operator_twice_changes_nothing(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_PASSWORD", "correct horse")
    arguments = ("create_operator", "--username", "ada", "--password-env", "NEW_PASSWORD")
    call_command(*arguments, stdout=StringIO())
    before = User.objects.get()
    call_command(*arguments, stdout=StringIO())
    after = User.objects.get()
    assert after.password == before.password
    assert after.check_password("correct horse")
    assert after.is_staff
    assert not after.is_superuser
    assert after.has_perms(["pipelines.execute_pipeline", "executions.cancel_pipelineexecution"])
    assert not after.has_perm("auth.add_user")


def test_an_operator_gets_the_new_password_and_more_rights(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user("ada", password="old", is_active=False)
    monkeypatch.setenv("NEW_PASSWORD", "new")
    call_command(
        "create_operator", "--username", "ada", "--password-env", "NEW_PASSWORD", "--superuser",
        stdout=StringIO(),
    )  # fmt: skip
    user = User.objects.get()
    assert user.check_password("new")
    assert user.is_superuser
    assert user.is_active


def test_an_operator_without_a_password_is_refused(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEW_PASSWORD", raising=False)
    with pytest.raises(CommandError, match="NEW_PASSWORD"):
        call_command("create_operator", "--username", "ada", "--password-env", "NEW_PASSWORD")
    assert not User.objects.exists()
