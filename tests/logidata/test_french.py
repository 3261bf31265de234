"""The French catalogue is complete, and what is served follows the language that is asked for."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from etl import registry
from pipelines.models import Pipeline
from pipelines.services import pipeline_templates
from tests.fake_airflow import FakeAirflow

FOLDER = Path(__file__).parents[2] / "logidata" / "locale" / "fr" / "LC_MESSAGES"
ROOT = FOLDER.parents[3]
APPS = ("alerts", "executions", "logidata", "pipelines")
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[a-z]|%[%ds]|\{\w*(?::[^{}]*)?\}|</?\w+>")


@pytest.fixture(scope="module", params=["django", "modules", "messages", "templates"])
def domain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def catalogue(domain: str) -> polib.POFile:
    return polib.pofile(str(FOLDER / f"{domain}.po"))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_text_is_translated(catalogue: polib.POFile) -> None:
    unfinished = [entry.msgid for entry in catalogue if not all(translations(entry))]

    assert unfinished + [entry.msgid for entry in catalogue if entry.fuzzy] == []
    assert catalogue.obsolete_entries() == []


def test_a_translation_has_the_placeholders_of_its_text(catalogue: polib.POFile) -> None:
    different = [
        (entry.msgid, text)
        for entry in catalogue
        for text in translations(entry)
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(entry.msgid))
    ]

    assert different == []


def test_spaces_before_high_punctuation_do_not_break(catalogue: polib.POFile) -> None:
    breaking = [
        text
        for entry in catalogue
        for text in translations(entry)
        if re.search(r" [:;!?»](?!\w)|« ", text)
    ]

    assert breaking == []


def test_the_compiled_catalogue_is_that_of_the_texts(catalogue: polib.POFile, domain: str) -> None:
    def contents(file: polib.POFile | polib.MOFile) -> dict[tuple[str, str | None], list[str]]:
        return {(entry.msgid, entry.msgctxt): translations(entry) for entry in file}

    compiled = polib.mofile(str(FOLDER / f"{domain}.mo"))

    assert contents(compiled) == contents(catalogue)


def test_texts_are_marked_by_names_that_the_tools_know() -> None:
    alias = re.compile(r"\bn?gettext(?:_lazy)? as (?!_\b)(\w+)")
    found = {
        str(path.relative_to(ROOT)): alias.findall(path.read_text())
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs gettext")
def test_the_sources_have_no_text_that_the_catalogue_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for app in APPS:
        shutil.copytree(ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("static"))
    monkeypatch.chdir(tmp_path)
    copied = tmp_path / FOLDER.relative_to(ROOT) / "django.po"
    locale = copied.parents[2]
    monkeypatch.setattr("django.conf.settings.LOCALE_PATHS", [locale])

    call_command("makemessages", locale=["fr"], no_location=True, no_wrap=True, verbosity=0)

    used = [entry for entry in polib.pofile(str(copied)) if not entry.obsolete]
    found = {(entry.msgid, entry.msgctxt) for entry in used}
    known = {(entry.msgid, entry.msgctxt) for entry in polib.pofile(str(FOLDER / "django.po"))}
    assert found == known


def test_every_message_is_in_its_catalogue_and_nothing_else() -> None:
    said = {text for path in sources() for text in texts_said(path)}

    assert {entry.msgid for entry in polib.pofile(str(FOLDER / "messages.po"))} == said


def sources() -> Iterator[Path]:
    for folder in (
        "airflow_bridge",
        "alerts",
        "dags",
        "etl",
        "executions",
        "logidata",
        "pipelines",
    ):
        yield from (ROOT / folder).rglob("*.py")


def texts_said(path: Path) -> Iterator[str]:
    """Yield the texts of the calls of `say`."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)) if "say(" in source else ():
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
            text = node.args[0]
            assert isinstance(text, ast.Constant), f"{path}:{node.lineno}: write the text out"
            yield str(text.value)


def test_all_that_modules_say_is_in_their_catalogue_and_nothing_else() -> None:
    said = set[str]()
    for module in registry.catalogue():
        settings = module["config_schema"] | {"title": None, "description": None}
        said |= {module["title"], module["summary"], module["keywords"], *texts_of(settings)}

    assert {entry.msgid for entry in polib.pofile(str(FOLDER / "modules.po"))} == said - {""}


def test_all_that_templates_say_is_in_their_catalogue_and_nothing_else() -> None:
    said = set[str]()
    for template in pipeline_templates():
        said |= {template.name, template.description}
        said |= {node["name"] for node in template.config["nodes"]}
        said |= {spec["help"] for spec in template.param_specs.values()}

    assert {entry.msgid for entry in polib.pofile(str(FOLDER / "templates.po"))} == said


def texts_of(schema: object) -> Iterator[str]:
    """Yield the labels and the help of settings."""
    if isinstance(schema, dict):
        yield from (
            schema[key] for key in ("title", "description") if isinstance(schema.get(key), str)
        )
        # Settings may have any name, "default" among them.
        named = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
        schema = named + [schema.get(key) for key in ("items", "anyOf", "additionalProperties")]
    if isinstance(schema, list):
        for item in schema:
            yield from texts_of(item)


def test_modules_are_described_in_the_language_asked_for(
    ann: User, anonymous: APIClient, airflow: FakeAirflow
) -> None:
    ann.is_superuser = True
    ann.save()
    anonymous.force_authenticate(ann)

    modules = anonymous.get("/api/v1/modules", headers={"Accept-Language": "fr"}).json()

    csv = next(module for module in modules if module["key"] == "extract.csv")
    assert csv["title"] == "Fichier CSV"
    assert csv["summary"] == "Lit des fichiers CSV."
    join = next(module for module in modules if module["key"] == "transform.join")
    assert {"merge", "fusionner"} <= set(join["keywords"].split(", "))
    delimiter = csv["config_schema"]["properties"]["delimiter"]
    assert delimiter["description"] == "Caractère entre deux valeurs."
    assert delimiter["title"] == "Séparateur"
    assert delimiter["default"] == ","


def test_templates_are_in_the_language_asked_for_and_are_otherwise_the_same(
    ann: User, anonymous: APIClient
) -> None:
    ann.is_superuser = True
    ann.save()
    anonymous.force_authenticate(ann)

    def listed(language: str) -> list[dict[str, Any]]:
        answer = anonymous.get("/api/v1/templates", headers={"Accept-Language": language})
        found: list[dict[str, Any]] = answer.json()
        return found

    french, english = listed("fr"), listed("en")
    names = [template["name"] for template in french]
    assert names == sorted(names)
    table = next(template for template in french if template["id"] == "file_to_table")
    assert table["name"] == "Un fichier dans une table"
    assert table["config"]["nodes"][0]["name"] == "Lire le fichier"
    assert table["param_specs"]["min_amount"]["help"].startswith("Les livraisons")
    same = next(template for template in english if template["id"] == "file_to_table")
    assert same["config"]["nodes"][0] == table["config"]["nodes"][0] | {"name": "Read the file"}


def test_a_setting_named_as_a_key_of_schemas_is_described_too(
    ann: User, anonymous: APIClient, airflow: FakeAirflow
) -> None:
    ann.is_superuser = True
    ann.save()
    anonymous.force_authenticate(ann)

    modules = anonymous.get("/api/v1/modules", headers={"Accept-Language": "fr"}).json()

    window = next(module for module in modules if module["key"] == "transform.window")
    function = window["config_schema"]["$defs"]["WindowFunction"]
    assert function["properties"]["default"]["title"] == "Valeur par défaut"


def test_a_page_is_in_the_language_of_the_browser(ann: User, client: Client) -> None:
    ann.is_staff = ann.is_superuser = True
    ann.save()
    client.force_login(ann)

    french = client.get("/admin/", headers={"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"})
    english = client.get("/admin/", headers={"Accept-Language": "de"})

    assert '<html lang="fr"' in french.content.decode()
    assert "Tableau de bord" in french.content.decode()
    assert "Dashboard" in english.content.decode()


def test_an_error_of_the_api_is_in_the_language_asked_for_and_its_type_is_not(
    ann: User, anonymous: APIClient, airflow: FakeAirflow
) -> None:
    ann.is_superuser = True
    ann.save()
    anonymous.force_authenticate(ann)
    body = {"name": "", "config": {"nodes": [], "edges": []}}

    answer = anonymous.post("/api/v1/pipelines", body, headers={"Accept-Language": "fr"}).json()

    assert answer["type"] == "invalid-pipeline"
    assert answer["title"] == "Pipeline non valide"
    assert answer["errors"][0]["field"] == "name"
    assert "Un pipeline a besoin d\N{RIGHT SINGLE QUOTATION MARK}un nom" in answer["detail"]
    assert not Pipeline.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "title"),
    [
        ("get", "/api/v1/nothing", "Introuvable"),
        ("delete", "/api/v1/pipelines", "Méthode non autorisée"),
    ],
)
def test_what_the_framework_refuses_has_a_title_in_the_language_asked_for(
    ann: User, anonymous: APIClient, method: str, path: str, title: str
) -> None:
    ann.is_superuser = True
    ann.save()
    anonymous.force_authenticate(ann)

    answer = getattr(anonymous, method)(path, headers={"Accept-Language": "fr"}).json()

    assert answer["title"] == title


def test_nobody_who_is_signed_out_is_answered_in_english_for_that(anonymous: APIClient) -> None:
    answer = anonymous.get("/api/v1/pipelines", headers={"Accept-Language": "fr"}).json()

    assert (answer["type"], answer["title"]) == ("not-authenticated", "Non authentifié")
