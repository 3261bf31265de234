"""A person who watches an execution on its page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.live.browser.person import Person

# How long an execution may take to come to an end, on a busy machine: milliseconds.
AN_EXECUTION = 120_000


@dataclass(frozen=True)
class Watch:
    """The page of an execution."""

    person: Person

    @classmethod
    def of(cls, person: Person, execution_id: str) -> Watch:
        person.opens(f"/admin/executions/pipelineexecution/{execution_id}/change/")
        watch = cls(person)
        expect(watch.line).to_have_class(re.compile("is-live"))
        return watch

    @classmethod
    def of_new(cls, person: Person, params: dict[str, str] | None = None) -> Watch:
        """Execute the pipeline whose page is open, and watch."""
        page = person.page
        page.get_by_role("link", name="Execute").click()
        for name, value in (params or {}).items():
            page.get_by_label(name).fill(value)
        page.get_by_role("main").get_by_role("button", name="Execute").click()
        expect(page).to_have_url(re.compile(r"/pipelineexecution/[0-9a-f-]{36}/change/$"))
        # The address changes before the document has come, which counts as loaded once it is.
        page.wait_for_load_state()
        return cls(person)

    @property
    def page(self) -> Page:
        return self.person.page

    @property
    def execution_id(self) -> str:
        found = re.search(r"/pipelineexecution/([0-9a-f-]{36})/", self.page.url)
        assert found, self.page.url
        return found[1]

    @property
    def line(self) -> Locator:
        """The sign that says whether the page is told what happens."""
        return self.page.locator(".x-line-sign")

    @property
    def panel(self) -> Locator:
        """All about the node that is open."""
        return self.page.locator(".x-panel")

    def node(self, node_id: str) -> Locator:
        return self.page.locator(f"#x-node-{node_id}")

    def sees(self, node_id: str, status: str) -> None:
        """Wait until the node is shown in the colour of that status."""
        shown = expect(self.node(node_id))
        shown.to_have_class(re.compile(rf"\bis-{status}\b"), timeout=AN_EXECUTION)

    def ends(self, status: str) -> None:
        """Wait until the head says that the execution has come to that end."""
        badge = self.page.locator(".x-head .status-badge")
        expect(badge).to_have_text(status, timeout=AN_EXECUTION)

    def opens_node(self, node_id: str, tab: str | None = None) -> Locator:
        """Open a node, and one of its tabs."""
        self.node(node_id).click()
        if tab:
            self.panel.get_by_role("tab", name=tab).click()
        return self.panel

    def does(self, button: str, answer: str) -> None:
        """Press a button of the execution, and answer its question."""
        self.page.locator(".x-actions").get_by_role("button", name=button, exact=True).click()
        self.page.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)
