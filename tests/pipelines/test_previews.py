"""Previews over the API: what they show, who sees it, and that they load nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from etl.messages import say
from etl.settings import run_settings
from pipelines import services, tasks
from pipelines.models import Pipeline
from pipelines.services import preview_store
from pipelines.services.previews import KEPT
from tests.pipelines.conftest import Queue
from tests.pipelines.previews import URL, Previews, rows_of

# Each preview runs in a process of its own.
pytestmark = pytest.mark.slow

ORDERS = "order_id,amount\n1,5\n2,50\n3,70\n"


@pytest.fixture(autouse=True)
def _no_previews(queue: Queue) -> None:
    cache.clear()


@pytest.fixture
def orders() -> Path:
    file = Path(run_settings().data_dirs[0], "orders.csv")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ORDERS)
    return file


@pytest.fixture
def previews(api: APIClient, graph: dict[str, Any], orders: Path) -> Previews:
    return Previews(api, graph)


def test_a_preview_shows_the_first_rows_at_a_node(previews: Previews) -> None:
    found = previews.run()
    assert rows_of(found) == [{"order_id": 2, "amount": 50}, {"order_id": 3, "amount": 70}]
    output = found["outputs"][""]
    assert output["columns"][0] == {"name": "order_id", "type": "BIGINT"}
    assert (output["count"], output["total"]) == (2, 2)
    assert [(node["node"], node["rows"]) for node in found["nodes"]] == [
        ("read_orders", 3),
        ("keep_paid", 2),
    ]
    assert "extract.csv" in found["log"][0]["message"]
    assert found["seconds"] > 0


def test_a_preview_is_queued_for_workers_of_its_own(previews: Previews, queue: Queue) -> None:
    preview = previews.ask()
    assert preview["status"] == "queued"
    assert queue.of("run_preview") == [[preview["id"]]]


def test_a_preview_of_a_loader_shows_what_arrives_and_loads_nothing(
    previews: Previews, orders: Path
) -> None:
    found = previews.run("write")
    assert len(rows_of(found, "input")) == 2
    assert [node["node"] for node in found["nodes"]] == ["read_orders", "keep_paid"]
    assert not orders.with_name("paid.csv").exists()


def test_only_the_rows_that_are_asked_for_are_shown(previews: Previews) -> None:
    found = previews.run("read_orders", rows=1)
    assert rows_of(found) == [{"order_id": 1, "amount": 5}]
    assert found["outputs"][""]["count"] == 3


def test_the_default_params_of_the_pipeline_are_used(previews: Previews, save: Any) -> None:
    saved = save()
    assert len(rows_of(previews.run(pipeline=str(saved.pk), params={}))) == 2
    assert len(rows_of(previews.run(pipeline=str(saved.pk), params={"min_amount": 60}))) == 1


def test_a_missing_param_is_named_with_its_node(previews: Previews) -> None:
    found = previews.run(params={})
    assert found["status"] == "failed"
    assert found["error"]["node"] == "keep_paid"
    assert "'min_amount'" in found["error"]["message"]


def test_what_is_wrong_behind_the_node_does_not_matter(previews: Previews) -> None:
    previews.graph["nodes"][2]["module"] = "load.nothing"
    previews.graph["nodes"].append({"id": "alone", "module": "transform.filter"})
    assert len(rows_of(previews.run())) == 2


def test_what_is_wrong_before_the_node_is_told_at_once(previews: Previews) -> None:
    previews.graph["nodes"][0]["config"] = {}
    answer = previews.ask(status=400)
    assert answer["errors"][0]["node"] == "read_orders"
    assert answer["errors"][0]["field"] == "config.path"


def test_a_node_that_fails_is_named(previews: Previews) -> None:
    previews.graph["nodes"][1]["config"]["condition"] = "price > 1"
    found = previews.run()
    assert found["status"] == "failed"
    assert found["error"]["node"] == "keep_paid"
    assert "price" in found["error"]["message"]
    assert found["nodes"][0]["status"] == "success"


def test_an_error_is_in_the_language_of_whoever_looks(previews: Previews) -> None:
    previews.graph["nodes"][0]["config"] = {"path": "gone.csv"}
    preview = previews.run("read_orders")
    assert "file 'gone.csv' does not exist" in preview["error"]["message"]
    answer = previews.api.get(f"{URL}/{preview['id']}", headers={"Accept-Language": "fr"})
    told = answer.json()["error"]["message"]
    assert told.startswith(
        "Nœud «\N{NO-BREAK SPACE}read_orders\N{NO-BREAK SPACE}»\N{NO-BREAK SPACE}: le fichier"
    )


def test_a_warning_is_in_the_language_of_whoever_looks(previews: Previews) -> None:
    preview = preview_store.find(previews.ask()["id"])
    assert preview is not None
    warning = say("file '{file}', line {line}: {problem}", file="t", line=7, problem="odd")
    preview.nodes = [{"node": "read_orders", "status": "success", "warnings": [warning, "odd"]}]
    preview_store.save(preview)
    answer = previews.api.get(f"{URL}/{preview.id}", headers={"Accept-Language": "fr"})
    [first, second] = answer.json()["nodes"][0]["warnings"]
    assert first.startswith("fichier «")
    assert second == "odd"


def test_what_is_wrong_before_the_node_is_told_in_the_language_of_whoever_asks(
    previews: Previews,
) -> None:
    body = {"config": previews.graph, "node": "gone"}
    answer = previews.api.post(URL, body, headers={"Accept-Language": "fr"})
    assert answer.json()["errors"][0]["message"].startswith("Le graphe n")


def test_rejected_rows_are_counted(previews: Previews, orders: Path) -> None:
    orders.write_text(ORDERS + "4,much\n")
    previews.graph["nodes"][0]["config"] |= {"max_rejected": 1, "types": {"amount": "BIGINT"}}
    found = previews.run("read_orders")
    assert len(rows_of(found)) == 3
    assert found["nodes"][0]["rejected"] == 1


def test_a_source_that_has_more_rows_leaves_the_total_open(
    previews: Previews, settings: Any
) -> None:
    settings.LOGIDATA_PREVIEW_ROWS = 2
    output = previews.run("read_orders")["outputs"][""]
    assert (output["count"], output["total"]) == (2, None)


def test_a_watermark_is_neither_needed_nor_moved(previews: Previews) -> None:
    previews.graph["nodes"][0]["watermark"] = {"column": "order_id"}
    assert len(rows_of(previews.run())) == 2
    assert not Path(run_settings().state).exists() or not any(Path(run_settings().state).iterdir())


def test_a_later_node_does_not_have_the_earlier_ones_run_again(previews: Previews) -> None:
    previews.run()
    previews.graph["nodes"][1]["config"]["condition"] = "amount > 60"
    found = previews.run()
    assert len(rows_of(found)) == 1
    assert [node["reused"] for node in found["nodes"]] == [True, False]


def test_a_file_that_was_changed_is_read_again(previews: Previews, orders: Path) -> None:
    previews.run()
    orders.write_text(ORDERS + "4,80\n")
    assert len(rows_of(previews.run())) == 3


def test_a_fresh_preview_reads_its_sources_again(previews: Previews) -> None:
    previews.run()
    assert [node["reused"] for node in previews.run(fresh=True)["nodes"]] == [False, False]


def test_nobody_sees_or_uses_the_preview_of_another(
    previews: Previews, person: Callable[..., User]
) -> None:
    preview = previews.ask()
    other = APIClient()
    other.force_authenticate(person("pipelines.change_pipeline"))
    assert other.get(f"{URL}/{preview['id']}").status_code == 404
    assert other.delete(f"{URL}/{preview['id']}").status_code == 404
    tasks.run_preview(preview["id"])
    theirs = Previews(other, previews.graph).run()
    assert [node["reused"] for node in theirs["nodes"]] == [False, False]


@pytest.mark.parametrize("permission", ["pipelines.add_pipeline", "pipelines.change_pipeline"])
def test_whoever_edits_pipelines_may_preview(
    api_as: Callable[..., APIClient], graph: dict[str, Any], orders: Path, permission: str
) -> None:
    assert rows_of(Previews(api_as(permission), graph).run())


def test_whoever_only_looks_at_pipelines_may_not_preview(
    api_as: Callable[..., APIClient], graph: dict[str, Any]
) -> None:
    Previews(api_as("pipelines.view_pipeline"), graph).ask(status=403)


def test_the_params_of_a_pipeline_are_for_those_who_may_see_it(
    api_as: Callable[..., APIClient], graph: dict[str, Any], pipeline: Pipeline
) -> None:
    adds = Previews(api_as("pipelines.add_pipeline"), graph)
    adds.ask(pipeline=str(pipeline.pk), status=403)
    adds.ask()


def test_a_pipeline_that_is_not_there_is_a_404(previews: Previews) -> None:
    previews.ask(pipeline="00000000-0000-0000-0000-000000000000", status=404)


@pytest.mark.parametrize(
    ("field", "value"),
    [("params", [1]), ("rows", 0), ("rows", 101), ("config", 7), ("node", "gone"), ("more", 1)],
)
def test_what_cannot_be_asked_for_is_named(previews: Previews, field: str, value: Any) -> None:
    answer = previews.ask(status=400, **{field: value})
    assert answer["errors"], answer


def test_without_redis_previews_say_so(previews: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError("refused")

    preview = previews.ask()
    monkeypatch.setattr(preview_store.cache, "get_many", away)
    assert previews.look(preview, status=503)["type"] == "previews-unavailable"
    monkeypatch.setattr(preview_store.cache, "set", away)
    assert previews.ask(status=503)["type"] == "previews-unavailable"


def test_a_stopped_preview_is_gone_and_does_not_run(previews: Previews) -> None:
    preview = previews.ask()
    assert previews.api.delete(f"{URL}/{preview['id']}").status_code == 204
    previews.look(preview, status=404)
    tasks.run_preview(preview["id"])
    previews.look(preview, status=404)


def test_a_third_preview_takes_the_place_of_the_oldest(previews: Previews) -> None:
    first, second, third = previews.ask(), previews.ask(), previews.ask()
    assert "took its place" in previews.look(first)["error"]["message"]
    assert previews.look(second)["status"] == previews.look(third)["status"] == "queued"


def test_of_one_person_the_last_few_previews_are_kept(previews: Previews) -> None:
    asked = [previews.ask() for _ in range(KEPT + 2)]
    kept = [
        preview
        for preview in asked
        if previews.api.get(f"{URL}/{preview['id']}").status_code == 200
    ]
    assert kept == asked[-KEPT:]


def test_a_preview_that_nobody_runs_says_what_it_waits_for(
    previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = previews.ask()
    assert previews.look(preview)["waits_for"] is None
    monkeypatch.setattr(preview_store, "_UNTAKEN_AFTER", 0.0)
    assert "No worker for previews runs" in previews.look(preview)["waits_for"]
    preview_store.show_worker()
    assert "Other previews run" in previews.look(preview)["waits_for"]


def test_a_preview_whose_worker_is_gone_has_failed(previews: Previews, settings: Any) -> None:
    preview = preview_store.find(previews.ask()["id"])
    assert preview is not None
    preview.status, preview.started_at = preview_store.PreviewStatus.RUNNING, 1000.0
    preview_store.save(preview)
    found = previews.look({"id": preview.id})
    assert found["status"] == "failed"
    assert "is gone" in found["error"]["message"]


def test_a_preview_that_was_delivered_twice_runs_once(previews: Previews) -> None:
    preview = previews.ask()
    tasks.run_preview(preview["id"])
    before = previews.look(preview)
    tasks.run_preview(preview["id"])
    assert previews.look(preview) == before


def test_a_preview_changes_no_pipeline(previews: Previews, pipeline: Pipeline) -> None:
    before = Pipeline.objects.values().get()
    previews.run(pipeline=str(pipeline.pk))
    assert Pipeline.objects.values().get() == before


def test_what_previews_staged_is_removed_within_ten_minutes(
    previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    previews.run()
    staged = Path(services.previews_staging())
    assert services.remove_old_previews() == 0
    monkeypatch.setattr("etl.preview.reuse.REUSED_FOR", -100)
    assert services.remove_old_previews() > 0
    assert not any(staged.iterdir())
