"""Who may not see a page of the admin is told so by the status, and by the page what next."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLPattern, URLResolver

from logidata.guessing import GuessingThrottle

PAGE = "/admin/pipelines/pipeline/?is_active__exact=1"
RIGHT = {"username": "boss", "password": "correct horse"}


@pytest.fixture(autouse=True)
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", password="correct horse")


def hidden(name: str, text: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, text
    return found[1].replace("&amp;", "&")


def addresses() -> list[str]:
    """Return one address for each page of the admin, with a 1 for what its pattern leaves open."""
    [admin] = [
        part
        for part in get_resolver().url_patterns
        if isinstance(part, URLResolver) and part.app_name == "admin"
    ]

    def below(part: URLPattern | URLResolver, before: str) -> list[str]:
        route = before + str(part.pattern)
        if isinstance(part, URLResolver):
            return [address for inner in part.url_patterns for address in below(inner, route)]
        return [route] if isinstance(part.pattern, RoutePattern) else []

    uuid = "00000000-0000-0000-0000-000000000001"
    filled = {
        re.sub(r"<[^>]*>", "1", re.sub(r"<uuid:[^>]*>", uuid, route)) for route in below(admin, "/")
    }
    # The two that are regular expressions: the page of an app, and whatever else there is not.
    return sorted((filled - {"/admin/login/"}) | {"/admin/auth/", "/admin/nothing/here/"})


def test_no_page_of_the_admin_is_open_to_a_stranger() -> None:
    assert len(addresses()) > 30
    strict = Client(enforce_csrf_checks=True)
    for address in addresses():
        assert (address, strict.get(address).status_code) == (address, 401)
        assert (address, strict.post(address, RIGHT).status_code) == (address, 401)


def test_a_stranger_signs_in_on_the_page_itself_and_goes_on_to_what_was_asked_for() -> None:
    browser = Client(enforce_csrf_checks=True)
    asked = browser.get(PAGE)
    assert asked.status_code == 401
    assert "no-store" in asked["Cache-Control"]
    page = asked.content.decode()
    assert '<form action="/admin/login/" method="post"' in page
    form = RIGHT | {name: hidden(name, page) for name in ("next", "csrfmiddlewaretoken")}
    answer = browser.post("/admin/login/", form, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert answer.status_code == 200


def test_a_wrong_password_keeps_the_page_asked_for_in_mind() -> None:
    wrong = {**RIGHT, "password": "x", "next": PAGE}
    answer = Client().post("/admin/login/", wrong)
    assert answer.status_code == 200
    assert hidden("next", answer.content.decode()) == PAGE


def test_a_browser_asks_for_no_password_of_its_own() -> None:
    assert Client().get(PAGE)["WWW-Authenticate"].split()[0] not in {"Basic", "Digest"}


def test_signing_in_after_signing_out_leads_to_the_first_page_and_not_out_again() -> None:
    assert hidden("next", Client().get("/admin/logout/").content.decode()) == "/admin/"


def test_a_password_sent_to_another_page_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuessingThrottle, "rate", "1/min", raising=False)
    for _ in range(3):
        client = Client()
        assert client.post(PAGE, RIGHT).status_code == 401
        assert "sessionid" not in client.cookies


def test_a_form_without_its_token_is_refused_to_those_who_are_signed_in(boss: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/admin/login/", RIGHT).status_code == 403
    strict.force_login(boss)
    assert strict.post(PAGE).status_code == 403


def test_who_is_no_staff_is_refused_and_told_what_next(ann: User) -> None:
    client = Client()
    client.force_login(ann)
    answer = client.get(PAGE)
    assert answer.status_code == 403
    shown = answer.content.decode()
    assert "You are signed in as ann" in shown
    assert "Staff status" in shown
    assert "/admin/login/?next=%2Fadmin%2Fpipelines%2Fpipeline%2F%3Fis_active__exact%3D1" in shown
    assert client.get("/admin/login/").status_code == 200


def test_staff_without_the_permission_are_refused_and_find_their_way_back(ann: User) -> None:
    ann.is_staff = True
    ann.save()
    client = Client()
    client.force_login(ann)
    answer = client.get(PAGE)
    assert answer.status_code == 403
    shown = answer.content.decode()
    assert "Operators may build and run, Viewers may look" in shown
    assert "Administrators here: boss." in shown
    assert 'action="/admin/logout/"' in shown
    assert client.get("/admin/").status_code == 200


def test_the_menu_of_the_account_says_in_which_language_and_time_zone_pages_are(boss: User) -> None:
    client = Client()
    client.force_login(boss)
    client.cookies["time_zone"] = "Europe/Paris"
    assert "English, Europe/Paris: as your browser" in client.get("/admin/").content.decode()
    french = client.get("/admin/", headers={"Accept-Language": "fr"}).content.decode()
    assert "français, Europe/Paris" in french


def test_the_page_to_sign_in_leads_back_to_no_other_site() -> None:
    assert "Return to site" not in Client().get("/admin/login/").content.decode()


def test_who_comes_to_log_out_by_its_address_is_asked_first(boss: User) -> None:
    client = Client()
    client.force_login(boss)
    answer = client.get("/admin/logout/")
    assert answer.status_code == 200
    assert "Log out?" in answer.content.decode()
    assert client.get("/admin/").status_code == 200
    client.post("/admin/logout/")
    assert client.get("/admin/").status_code == 401
