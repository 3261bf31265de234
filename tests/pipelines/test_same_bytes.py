"""The same pipeline gives the same bytes: in every process, and however it is written down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from etl.graph import canonical_json
from pipelines import services
from pipelines.models import Pipeline, PipelineRevision
from pipelines.services.snapshots import hash_of, snapshot_of
from tests.pipelines.conftest import GRAPH, URL, Save

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
params = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), values, max_size=4)

# Numbers that look different once PostgreSQL has kept them, and texts that a form would change.
NUMBERS = {"a": 1e20, "b": -0.0, "c": 1.0, "d": 1, "e": 5e-324, "f": 1.5e300, "g": True, "h": 1e23}
UGLY = {
    "name": " Größe \N{GREEK SMALL LETTER OMEGA} ",
    "description": "\r\none\r\ntwo\rthree \u2028 e\N{COMBINING ACUTE ACCENT}\n",
    "tags": [" sales ", "ends\u00a0"],
    "schedule": " @daily ",
    "default_params": {**NUMBERS, "min_amount": 10, "text": "\r\n\t'\"\\ \N{SNOWMAN}"},
}


def another_order(value: Any) -> Any:
    """Return a JSON value with the keys of its objects the other way round."""
    if isinstance(value, dict):
        return {key: another_order(value[key]) for key in reversed(list(value))}
    return [another_order(item) for item in value] if isinstance(value, list) else value


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(default_params=params, description=texts)
@example(default_params=NUMBERS, description=UGLY["description"])
def test_saving_what_was_saved_makes_no_revision(
    save: Save, default_params: dict[str, Any], description: str
) -> None:
    default_params = {"min_amount": 10, **default_params}
    default_params.pop("logidata", None)
    graph = json.loads(json.dumps(GRAPH))
    Pipeline.objects.all().delete()
    first = save(config=graph, default_params=default_params, description=description)
    made = first.current_revision
    assert made is not None
    code = services.generated_code(first)

    stored = PipelineRevision.objects.get(pk=made.pk)
    assert canonical_json(stored.snapshot) == canonical_json(made.snapshot)
    assert hash_of(stored.snapshot) == stored.sha256
    assert services.generated_code(Pipeline.objects.get()) == code
    save(Pipeline.objects.get())
    save(
        Pipeline.objects.get(),
        config=another_order(graph),
        default_params=another_order(default_params),
        description=description,
    )
    assert first.revisions.count() == 1


def test_the_nodes_and_edges_of_a_graph_may_come_in_any_order(
    save: Save, graph: dict[str, Any]
) -> None:
    pipeline = save()
    turned = {kind: graph[kind][::-1] for kind in ("edges", "nodes")}
    save(pipeline, config=turned)
    assert pipeline.revisions.count() == 1


@pytest.mark.slow
@pytest.mark.usefixtures("surroundings")
def test_the_api_makes_no_revision_of_what_it_gave_out(api: APIClient, save: Save) -> None:
    pipeline = save(**UGLY)
    address = f"{URL}/{pipeline.pk}"
    read = api.get(address).json()
    for again in (read, another_order(read), {**read, **UGLY}):
        assert api.put(address, again).json()["revision"] == 1
        assert api.patch(address, again).json()["revision"] == 1
        for field in services.FIELDS:
            assert api.patch(address, {field: again[field]}).json()["revision"] == 1, field


@pytest.mark.slow
@pytest.mark.usefixtures("surroundings")
def test_opening_and_saving_in_a_browser_makes_no_revision(browser: Client, save: Save) -> None:
    pipeline = save(**UGLY, is_active=False)
    address = f"/admin/pipelines/pipeline/{pipeline.pk}/change/"
    shown = browser.get(address)
    form = shown.context["adminform"].form
    sent = {"revisions-TOTAL_FORMS": "0", "revisions-INITIAL_FORMS": "0"}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False):
            # As browsers send the lines of a text.
            sent[name] = re.sub(r"\r\n|\r|\n", "\r\n", str(value))
    answer = browser.post(address, sent)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert [revision.number for revision in pipeline.revisions.all()] == [1]


def test_a_number_is_not_the_same_as_another_that_is_equal_in_python(save: Save) -> None:
    pipeline = save(default_params={"min_amount": 1})
    for number, value in enumerate([1.0, True, "1"], start=2):
        save(pipeline, default_params={"min_amount": value})
        assert pipeline.revisions.count() == number


def test_a_setting_that_nodes_have_only_since_makes_no_revision(pipeline: Pipeline) -> None:
    revision = pipeline.current_revision
    assert revision is not None
    # As of a release whose nodes had no pool, under the hash of that time.
    for node in revision.snapshot["config"]["nodes"]:
        del node["pool"]
    PipelineRevision.objects.update(snapshot=revision.snapshot, sha256="0" * 64)
    services.save_pipeline(Pipeline.objects.get(), user=None)
    assert pipeline.revisions.count() == 1


def test_a_snapshot_gives_itself() -> None:
    snapshot = snapshot_of({**UGLY, "config": GRAPH})
    assert canonical_json(snapshot_of(snapshot)) == canonical_json(snapshot)


IN_ANOTHER_PROCESS = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import django

django.setup()

from airflow_bridge.generator import DAGGenerator
from pipelines.models import PipelineRevision
from pipelines.services.snapshots import hash_of, snapshot_of

snapshot = snapshot_of(json.load(sys.stdin))
revision = PipelineRevision(
    pipeline_id=UUID(int=7), number=3, snapshot=snapshot, sha256=hash_of(snapshot),
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
DAGGenerator(Path(sys.argv[1])).update_dag(revision.dag_spec())
"""


@pytest.mark.slow
def test_every_process_writes_the_same_file(tmp_path: Path) -> None:
    body = {**UGLY, "config": GRAPH}
    files = []
    for seed, order in (("0", body), ("1", another_order(body)), ("77", body)):
        folder = tmp_path / seed
        subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS, str(folder)],
            input=json.dumps(order),
            text=True,
            check=True,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "DJANGO_SETTINGS_MODULE": "logidata.settings",
            },
        )
        [file] = folder.glob("*.py")
        files.append(file.read_bytes())
    assert b"@daily" in files[0]
    assert len(set(files)) == 1
