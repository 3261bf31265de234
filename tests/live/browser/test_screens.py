"""Every page, in light and dark and in both languages: nobody is kept from using it.

`pytest tests/live/browser --screenshots=FOLDER` keeps the pictures, to be looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from stack.layout import PROJECT
from tests.live.browser.person import Person, Theme
from tests.live.client import Json, LiveStack
from tests.live.nodes import chain, csv_node, filter_node

FAULTY = "order_id,amount\n1,10.5\n2,n/a\n3,30\n"


def seed(live: LiveStack, name: str) -> Json:
    """Create an example pipeline again, under another name."""
    body: Json = json.loads((PROJECT / "examples" / "pipelines" / f"{name}.json").read_text())
    created: Json = live.call("POST", "pipelines", body | {"name": f"{body['name']} (shown)"})
    return created


def failing(live: LiveStack) -> Json:
    """A pipeline whose file is not there."""
    return live.create(*chain(csv_node("missing.csv"), filter_node("true"), report("failed.csv")))


def rejecting(live: LiveStack) -> Json:
    """A pipeline that sets a row aside."""
    (live.data / "faulty.csv").write_text(FAULTY)
    numbers = {
        "id": "to_numbers",
        "module": "transform.cast",
        "config": {"types": {"amount": "DOUBLE"}, "max_rejected": 10},
    }
    texts = {"types": {"order_id": "BIGINT", "amount": "VARCHAR"}}
    return live.create(*chain(csv_node("faulty.csv", **texts), numbers, report("kept.csv")))


def report(path: str) -> Json:
    return {"id": "report", "module": "load.csv", "config": {"path": path}}


@pytest.fixture(scope="module")
def pages(live: LiveStack) -> dict[str, str]:
    """The addresses of all pages by name, with something to show on each."""
    pipeline = seed(live, "carrier_report")
    done = live.run(pipeline)
    assert done["status"] == "success", done
    failed = live.run(failing(live))
    assert failed["status"] == "failed", failed
    warned = live.run(rejecting(live))
    assert warned["has_rejected"], warned
    of_pipeline = f"/admin/pipelines/pipeline/{pipeline['id']}"
    of_execution = f"/admin/executions/pipelineexecution/{done['id']}"
    of_warned = f"/admin/executions/pipelineexecution/{warned['id']}"
    return {
        "dashboard": "/admin/",
        "pipelines": "/admin/pipelines/pipeline/",
        "pipeline": f"{of_pipeline}/change/",
        "new pipeline": "/admin/pipelines/pipeline/add/",
        "execute": f"{of_pipeline}/execute/",
        "code": f"{of_pipeline}/code/",
        "revisions": f"{of_pipeline}/revisions/",
        "watermarks": f"{of_pipeline}/watermarks/",
        "executions": "/admin/executions/pipelineexecution/",
        "execution": f"{of_execution}/change/",
        "failed execution": f"/admin/executions/pipelineexecution/{failed['id']}/change/",
        "log": f"{of_execution}/nodes/read_deliveries/log/",
        "sample": f"{of_execution}/nodes/by_carrier/sample/",
        "columns": f"{of_execution}/lineage/",
        "quarantine": f"{of_warned}/nodes/to_numbers/quarantine/",
        "periodic tasks": "/admin/django_celery_beat/periodictask/",
        "users": "/admin/auth/user/",
    }


@pytest.mark.parametrize("locale", ["en-US", "fr-FR"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_can_be_used(
    signs_in: Callable[..., Person], pages: dict[str, str], theme: Theme, locale: str
) -> None:
    person = signs_in(theme, locale)
    hindrances = []
    for name, path in pages.items():
        page = person.opens(path)
        page.wait_for_timeout(300)
        person.photographs(f"{name} {theme} {locale[:2]}".replace(" ", "-"))
        assert page.locator("html").get_attribute("lang") == locale[:2], path
        try:
            person.can_use_the_page()
        except AssertionError as hindrance:
            hindrances.append(str(hindrance))
    assert not hindrances, "\n".join(hindrances)
