"""What differs between two revisions, as tables that people read."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pipelines.models import Pipeline
from pipelines.services import Change, Difference, EdgeChange, NodeChange

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# Comparing grows with the square of the length; past that the two texts stand beside each other.
_MOST_WORDS = 2000


@dataclass(frozen=True)
class Row:
    """A value that differs, old and new side by side."""

    label: str
    kind: str
    old: SafeString
    new: SafeString


def rows(changes: Iterable[Change]) -> list[Row]:
    """Return a row a change; what differs within two texts is marked in both."""
    return [
        Row(_label(change.field), kind_word(change.kind), *_sides(change)) for change in changes
    ]


def tables(difference: Difference) -> dict[str, Any]:
    """Return what the templates draw a difference from."""
    return {
        "settings": rows(difference.settings),
        "nodes": [(node, kind_word(node.kind), rows(node.changes)) for node in difference.nodes],
        "edges": [(kind_word(edge.kind), edge_text(edge)) for edge in difference.edges],
    }


def summary(difference: Difference) -> str:
    """Return a difference in one line: `schedule, node keep_paid changed, edges`."""
    names = [_label(change.field) for change in difference.settings]
    names += [_named(node) for node in difference.nodes]
    return ", ".join([*names, *([_("edges")] if difference.edges else [])])


def kind_word(kind: str) -> str:
    """Return what became of something, in the reader's language."""
    words = {"added": _("added"), "removed": _("removed"), "changed": _("changed")}
    return words.get(kind, kind)


def edge_text(edge: EdgeChange) -> str:
    """Return an edge as `read.orders → join (port left)`."""
    source = f"{edge.source}.{edge.output}" if edge.output else edge.source
    port = _(" (port %(port)s)") % {"port": edge.port} if edge.port else ""
    return f"{source} → {edge.target}{port}"


def _named(node: NodeChange) -> str:
    return _("node %(node)s %(kind)s") % {"node": node.node, "kind": kind_word(node.kind)}


def _label(field: str) -> str:
    """Return a setting's name as the form has it; a path of a node stays what it is."""
    first, _dot, rest = field.partition(".")
    names = {found.name: found for found in Pipeline._meta.concrete_fields}
    if first not in names or first == "config":
        return field
    name = str(names[first].verbose_name)
    return f"{_('%(name)s:') % {'name': name}} {rest}" if rest else name


def _sides(change: Change) -> tuple[SafeString, SafeString]:
    if change.kind == "added":
        return _words(_("not there")), _value(change.new)
    if change.kind == "removed":
        return _value(change.old), _words(_("not there"))
    old, new = change.old, change.new
    if isinstance(old, bool) and isinstance(new, bool):
        return _value(old), _value(new)
    if type(old) is type(new) and old and new:
        return _marked(_text(old), _text(new))
    return _value(old), _value(new)


def _value(value: Any) -> SafeString:
    if value is None or value == "":
        return _words(_("none") if value is None else _("empty"))
    return format_html("<pre>{}</pre>", _text(value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _words(text: str) -> SafeString:
    """Return words of ours, told apart from a text that happens to read the same."""
    return format_html("<em>{}</em>", text)


def _marked(old: str, new: str) -> tuple[SafeString, SafeString]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return _value(old), _value(new)
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    left = [("del", tag, "".join(before[start:end])) for tag, start, end, _, _ in blocks]
    right = [("ins", tag, "".join(after[start:end])) for tag, _, _, start, end in blocks]
    return _pre(left), _pre(right)


def _pre(parts: Sequence[tuple[str, str, str]]) -> SafeString:
    inner = format_html_join(
        "",
        "{}",
        (
            (
                conditional_escape(text)
                if tag == "equal" or not text
                else format_html("<{0}>{1}</{0}>", mark, text),
            )
            for mark, tag, text in parts
        ),
    )
    return format_html("<pre>{}</pre>", inner)
