"""Passwords cannot be guessed without end, wherever they can be given."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from redis.exceptions import ConnectionError as RedisConnectionError

from logidata.guessing import GuessingThrottle

TOKEN, ADMIN, BROWSABLE = "/api/v1/auth/token", "/admin/login/", "/api-auth/login/"
PLACES = [TOKEN, ADMIN, BROWSABLE]
ALLOWED = 6
RIGHT = {"username": "boss", "password": "correct horse"}
WRONG = {**RIGHT, "password": "x"}


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    # Fewer than in the settings, so that they are used up soon.
    monkeypatch.setattr(GuessingThrottle, "rate", f"{ALLOWED}/min", raising=False)


@pytest.fixture(autouse=True)
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", password="correct horse")


def guess(place: str, times: int, client: Client | None = None) -> list[int]:
    client = client or Client()
    return [client.post(place, WRONG).status_code for _ in range(times)]


@pytest.mark.parametrize("place", PLACES)
def test_guessing_is_limited(place: str) -> None:
    codes = guess(place, ALLOWED + 1)
    assert 429 not in codes[:ALLOWED]
    assert codes[ALLOWED] == 429
    # The right one is not tried either.
    assert Client().post(place, RIGHT).status_code == 429


def test_the_limit_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(GuessingThrottle, "rate")
    assert GuessingThrottle().num_requests == 30


def test_the_guesses_of_all_places_count_together() -> None:
    for place in PLACES:
        guess(place, ALLOWED // len(PLACES))
    assert [Client().post(place, WRONG).status_code for place in PLACES] == [429] * 3


def test_being_signed_in_gives_no_more_guesses() -> None:
    client = Client()
    client.force_login(User.objects.create_user("ann", is_staff=True))
    assert guess(ADMIN, ALLOWED + 1, client)[-1] == 429


@pytest.mark.parametrize("place", [ADMIN, BROWSABLE])
def test_who_knows_the_password_is_not_counted(place: str) -> None:
    for _ in range(ALLOWED + 1):
        answer = Client().post(place, RIGHT)
    assert answer.status_code == 302


@pytest.mark.parametrize("place", [ADMIN, BROWSABLE])
def test_the_answer_says_what_to_do_and_the_page_stays_readable(place: str) -> None:
    guess(place, ALLOWED)
    answer = Client().post(place, WRONG)
    assert "Wait" in answer.content.decode()
    assert int(answer["Retry-After"]) > 0
    assert Client().get(place).status_code == 200


def test_another_address_is_not_held_up() -> None:
    guess(ADMIN, ALLOWED + 1)
    assert Client(REMOTE_ADDR="192.0.2.1").post(ADMIN, RIGHT).status_code == 302


def test_people_sign_in_while_redis_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError("away")

    monkeypatch.setattr("logidata.guessing.GuessingThrottle.cache.get", away)
    assert Client().post(ADMIN, WRONG).status_code == 200
    assert Client().post(ADMIN, RIGHT).status_code == 302
