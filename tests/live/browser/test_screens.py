"""Every page, in light and dark and in both languages: nobody is kept from using it.

`make screenshots` keeps the pictures, to be looked at.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from stack.layout import PROJECT
from tests.live.browser.conftest import SignIn
from tests.live.browser.person import Theme
from tests.live.client import Json, LiveStack
from tests.live.nodes import chain, csv_node, filter_node

FAULTY = "order_id,amount\n1,10.5\n2,n/a\n3,30\n"


def arrived(page: Page) -> None:
    """Any page: its heading is there."""
    expect(page.locator("#content")).to_be_visible()


def drawn(page: Page) -> None:
    """The canvas is drawn, and its graph checked."""
    expect(page.locator(".react-flow__node").first).to_be_visible()
    expect(page.locator(".ed-head [role=status] svg, .ed-head .ed-bad")).to_be_visible()


def drawn_empty(page: Page) -> None:
    expect(page.locator(".ed-empty")).to_be_visible()


def node_open(page: Page) -> None:
    """The form of a node stands beside the canvas."""
    drawn(page)
    page.locator(".react-flow__node").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ed-panel")).to_be_visible()


def tab_shown(name: str, content: str) -> Callable[[Page], None]:
    """A tab of the editor is open, and what it is for is there."""

    def show(page: Page) -> None:
        drawn(page)
        page.locator(f"#ed-tab-{name}").click()
        expect(page.locator(f"#ed-panel-{name} {content}").first).to_be_visible()

    return show


def preview_shown(page: Page) -> None:
    """The first rows at a node are below the canvas."""
    drawn(page)
    page.locator(".react-flow__node").first.click()
    page.locator(".react-flow__node").first.focus()
    page.keyboard.press("p")
    expect(page.locator(".ed-drawer tbody tr").first).to_be_visible()


def watched(page: Page) -> None:
    """The execution is drawn, and its page is told what happens."""
    expect(page.locator(".x-node").first).to_be_visible()
    expect(page.locator(".x-line-sign")).to_have_class(re.compile("is-live"))


def part_shown(number: int) -> Callable[[Page], None]:
    """A tab of the execution is open: the timeline is the first after the graph."""

    def show(page: Page) -> None:
        watched(page)
        page.locator(".x-main [role=tab]").nth(number).click()

    return show


def lineage_shown(page: Page) -> None:
    part_shown(4)(page)
    expect(page.locator(".x-lineage").first).to_be_visible()


def run_again_asked(page: Page) -> None:
    """Somebody is asked before selected executions are run again."""
    page.locator("input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option("run_selected_again")
    page.locator("#changelist-actions button[name=index]").first.click()
    expect(page.locator("#content form [type=submit]").first).to_be_visible()


def log_shown(page: Page) -> None:
    watched(page)
    page.locator(".x-node").first.click()
    page.locator(".x-panel [role=tab]").nth(1).click()
    expect(page.locator(".x-line").first).to_be_visible()


def rejected_shown(page: Page) -> None:
    watched(page)
    page.locator("#x-node-to_numbers").click()
    page.locator(".x-panel [role=tab]").last.click()


def search_open(page: Page) -> None:
    """The search over all pages has found something."""
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()
    page.keyboard.type("report")
    expect(page.locator("#command-results-list li").first).to_be_visible()


def filters_open(page: Page) -> None:
    page.locator("[aria-controls=changelist-filter]").press("Enter")
    expect(page.locator("#changelist-filter")).to_be_visible()


@dataclass(frozen=True)
class Screen:
    """A page, and what somebody does there before it is looked at."""

    path: str
    arrives: Callable[[Page], None] = arrived


def seed(live: LiveStack, name: str) -> Json:
    """Create an example pipeline again, under another name."""
    body: Json = json.loads((PROJECT / "examples" / "pipelines" / f"{name}.json").read_text())
    other = {"name": f"{body['name']} {uuid.uuid4().hex[:6]}"}
    created: Json = live.call("POST", "pipelines", body | other)
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
    texts: Json = {"types": {"order_id": "BIGINT", "amount": "VARCHAR"}}
    return live.create(*chain(csv_node("faulty.csv", **texts), numbers, report("kept.csv")))


def report(path: str) -> Json:
    return {"id": "report", "module": "load.csv", "config": {"path": path}}


def alerting(live: LiveStack) -> tuple[Json, Json]:
    """A channel and a rule of alerts."""
    name = f"operators {uuid.uuid4().hex[:6]}"
    address = {"kind": "webhook", "address": "http://127.0.0.1:9/told"}
    channel = live.call("POST", "alerts/channels", {"name": name} | address)
    asked = {"name": name, "events": ["failure"], "channels": [channel["id"]]}
    rule = live.call("POST", "alerts/rules", asked)
    return channel, rule


@pytest.fixture(scope="module")
def screens(live: LiveStack) -> dict[str, Screen]:
    """All pages by name, with something to show on each."""
    pipeline = seed(live, "carrier_report")
    done, failed, warned = (live.execute(one) for one in (pipeline, failing(live), rejecting(live)))
    assert live.wait(done)["status"] == "success"
    assert live.wait(failed)["status"] == "failed"
    assert live.wait(warned)["has_rejected"]
    live.call("PATCH", f"pipelines/{pipeline['id']}", {"default_params": {"late_after_hours": 48}})
    channel, rule = alerting(live)
    delivery = live.call("POST", f"alerts/channels/{channel['id']}/test")
    of_pipeline = f"/admin/pipelines/pipeline/{pipeline['id']}"
    executions = "/admin/executions/pipelineexecution"
    return {
        "dashboard": Screen("/admin/"),
        "search": Screen("/admin/", search_open),
        "health": Screen("/admin/dashboard/health/"),
        "pipelines": Screen("/admin/pipelines/pipeline/"),
        "editor": Screen(f"{of_pipeline}/change/", drawn),
        "editor node": Screen(f"{of_pipeline}/change/", node_open),
        "editor parameters": Screen(f"{of_pipeline}/change/", tab_shown("params", "input")),
        "editor json": Screen(f"{of_pipeline}/change/", tab_shown("json", ".cm-content")),
        "editor code": Screen(f"{of_pipeline}/change/", tab_shown("code", ".cm-content")),
        "editor changes": Screen(f"{of_pipeline}/change/", tab_shown("changes", "p")),
        "editor preview": Screen(f"{of_pipeline}/change/", preview_shown),
        "editor empty": Screen("/admin/pipelines/pipeline/add/", drawn_empty),
        "execute": Screen(f"{of_pipeline}/execute/"),
        "code": Screen(f"{of_pipeline}/code/"),
        "revisions": Screen(f"{of_pipeline}/revisions/"),
        "comparison": Screen(f"{of_pipeline}/compare/?old=1&new=2"),
        "restoring": Screen(f"{of_pipeline}/restore/1/"),
        "deletion": Screen(f"{of_pipeline}/delete/"),
        "watermarks": Screen(f"{of_pipeline}/watermarks/"),
        "history": Screen(f"{of_pipeline}/history/"),
        "executions": Screen(f"{executions}/"),
        "executions to run again": Screen(f"{executions}/", run_again_asked),
        "executions filtered": Screen(f"{executions}/?status__exact=failed", filters_open),
        "execution": Screen(f"{executions}/{done}/change/", watched),
        "execution timeline": Screen(f"{executions}/{done}/change/", part_shown(1)),
        "execution nodes": Screen(f"{executions}/{done}/change/", part_shown(2)),
        "execution attempts": Screen(f"{executions}/{done}/change/", part_shown(3)),
        "execution lineage": Screen(f"{executions}/{done}/change/", lineage_shown),
        "execution details": Screen(f"{executions}/{done}/change/", part_shown(5)),
        "execution log": Screen(f"{executions}/{done}/change/", log_shown),
        "execution failed": Screen(f"{executions}/{failed}/change/", watched),
        "execution rejected": Screen(f"{executions}/{warned}/change/", rejected_shown),
        "log": Screen(f"{executions}/{done}/nodes/read_deliveries/log/"),
        "sample": Screen(f"{executions}/{done}/nodes/by_carrier/sample/"),
        "columns": Screen(f"{executions}/{done}/lineage/"),
        "quarantine": Screen(f"{executions}/{warned}/nodes/to_numbers/quarantine/"),
        "alert rules": Screen("/admin/alerts/alertrule/"),
        "alert rule": Screen(f"/admin/alerts/alertrule/{rule['id']}/change/"),
        "alert channels": Screen("/admin/alerts/alertchannel/"),
        "alert channel": Screen(f"/admin/alerts/alertchannel/{channel['id']}/change/"),
        "alert deliveries": Screen("/admin/alerts/alertdelivery/"),
        "alert delivery": Screen(f"/admin/alerts/alertdelivery/{delivery['id']}/change/"),
        "periodic tasks": Screen("/admin/django_celery_beat/periodictask/"),
        "users": Screen("/admin/auth/user/"),
        "groups": Screen("/admin/auth/group/"),
        "tokens": Screen("/admin/knox/authtoken/"),
        "new token": Screen("/admin/knox/authtoken/add/"),
    }


@pytest.mark.parametrize("locale", ["en-US", "fr-FR"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_can_be_used(
    signs_in: SignIn, screens: dict[str, Screen], theme: Theme, locale: str
) -> None:
    person = signs_in(theme, locale)
    hindrances = []
    for name, screen in screens.items():
        page = person.opens(screen.path)
        screen.arrives(page)
        person.photographs(f"{name} {theme} {locale[:2]}".replace(" ", "-"))
        try:
            expect(page.locator("html")).to_have_attribute("lang", locale[:2])
            person.can_use_the_page()
        except AssertionError as hindrance:
            hindrances.append(f"{name}: {hindrance}")
    assert not hindrances, "\n".join(hindrances)
    # No error of a script, and nothing asked of another host.
    assert not person.faults
    person.opens("/admin/nowhere/")
    person.photographs(f"not-found-{theme}-{locale[:2]}")
    person.can_use_the_page()
    person.context.clear_cookies()
    person.opens("/admin/login/")
    person.photographs(f"sign-in-{theme}-{locale[:2]}")
    person.can_use_the_page()
