"""A person who draws a pipeline: on the canvas and in the forms of nodes, by mouse and keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.live.browser.person import Person
from tests.live.client import Json

# Whether the canvas has come to rest: it glides to what is to be seen.
AT_REST = """() => {
    const { transform } = document.querySelector(".react-flow__viewport").style;
    const now = performance.now();
    if (window.seen?.transform !== transform) window.seen = { transform, since: now };
    return now - window.seen.since > 500;
}"""


@dataclass(frozen=True)
class Editor:
    """The page of a pipeline, with its canvas."""

    person: Person

    @classmethod
    def of_new(cls, person: Person, name: str) -> Editor:
        """Open an empty canvas for a pipeline of this name."""
        page = person.opens("/admin/pipelines/pipeline/add/")
        page.locator("#id_name").fill(name)
        expect(page.locator(".ed-empty")).to_be_visible()
        return cls(person)

    @classmethod
    def of(cls, person: Person, pipeline: Json) -> Editor:
        """Open the canvas of a pipeline that there is."""
        page = person.opens(f"/admin/pipelines/pipeline/{pipeline['id']}/change/")
        expect(page.locator(".react-flow__node").first).to_be_visible()
        return cls(person)

    @property
    def page(self) -> Page:
        return self.person.page

    @property
    def form(self) -> Locator:
        """The form of the node that is open."""
        return self.page.locator(".ed-panel")

    @property
    def preview(self) -> Locator:
        """Where the rows of a node are shown."""
        return self.page.locator(".ed-drawer")

    @property
    def head(self) -> Locator:
        """The line that says how the graph stands."""
        return self.page.locator(".ed-head")

    def node(self, node_id: str) -> Locator:
        return self.page.locator(f'.react-flow__node[data-id="{node_id}"]')

    def edge(self, source: str, target: str) -> Locator:
        return self.page.get_by_label(f"Connection from {source} to {target}", exact=True)

    def adds_by_keyboard(self, words: str, node_id: str) -> None:
        """Search the palette, and add what is found first."""
        search = self.page.get_by_role("searchbox", name="Search modules")
        search.fill(words)
        search.press("Enter")
        self._names(node_id)

    def drags_onto_the_canvas(self, module: str, node_id: str, *, x: int, y: int) -> None:
        """Drag a module from the palette to a place of the canvas, in pixels from its corner."""
        self.page.get_by_role("searchbox", name="Search modules").fill("")
        self.page.locator(f'[data-module="{module}"]').drag_to(
            self.page.locator(".ed-canvas"), target_position={"x": x, "y": y}
        )
        self._names(node_id)

    def _names(self, node_id: str) -> None:
        """Give the node whose form has just opened its id."""
        identity = self.form.get_by_label("Id", exact=True)
        identity.fill(node_id)
        identity.press("Enter")
        expect(self.node(node_id)).to_be_visible()

    def shows_all(self) -> None:
        """Have the whole graph in view."""
        self.page.get_by_role("toolbar").get_by_role("button", name="Show all").click()
        self.page.evaluate("() => { delete window.seen; }")
        self.page.wait_for_function(AT_REST)

    def connects(self, source: str, target: str) -> None:
        """Draw a connection from the handle of one node to that of another."""
        start = self.node(source).locator(".react-flow__handle.source")
        end = self.node(target).locator(".react-flow__handle.target")
        start.drag_to(end)
        expect(self.edge(source, target)).to_be_attached()

    def opens_form(self, node_id: str) -> Locator:
        """Open the form of a node, by keyboard."""
        self.node(node_id).focus()
        self.page.keyboard.press("Enter")
        expect(self.form.locator(".ed-panel-head")).to_be_visible()
        return self.form

    def unfolds(self, group: str) -> None:
        """Show fields of the open form that are folded away."""
        folded = self.form.locator("details", has=self.page.locator("summary", has_text=group))
        if folded.get_attribute("open") is None:
            folded.locator("summary").first.click()

    def fills(self, label: str, text: str) -> None:
        """Fill a field of the open form that is required, whether a line or SQL."""
        self.form.get_by_role("textbox", name=label).first.fill(text)

    def fills_map(self, label: str, values: dict[str, str]) -> None:
        """Fill a field of the open form that gives names a value each."""
        field = self.form.get_by_role("group", name=label)
        for name, value in values.items():
            field.get_by_role("button", name="Add", exact=True).click()
            row = field.locator(".ed-map-row").last
            row.locator("input").first.fill(name)
            row.locator("input").last.fill(value)

    def imports(self, file: Path) -> None:
        """Choose a file to import."""
        self.page.get_by_role("button", name="File", exact=True).click()
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Import from a file…").click()
        chooser.value.set_files(file)

    def saves(self) -> None:
        """Save, which deploys, and stay on the page."""
        self.page.get_by_role("button", name="Save and deploy").click()
        expect(self.page.get_by_text("is being registered with Airflow")).to_be_visible()
        expect(self.page.get_by_role("link", name="Execute")).to_be_visible()
