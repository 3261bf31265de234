"""Asking the sources of a graph for their columns, so that a slow one costs nobody else."""

import time
from dataclasses import dataclass, field
from functools import partial

from django.utils.translation import gettext as _

from etl.context import RunContext
from etl.dataset import Column
from etl.errors import ETLError
from etl.graph import Node
from etl.module import Extractor
from etl.settings import run_settings
from pipelines.messages import translated
from pipelines.services.background import Background, Pending, Unanswered

Columns = tuple[Column, ...]

# Seconds: how old what a source has said may be, and how long it may take to say it.
_FRESH = 10.0
_PATIENCE = 3.0

_peeked: Background[Columns | None] = Background(fresh=_FRESH, patience=_PATIENCE)


@dataclass
class Sources:
    """The sources of one graph, for which somebody waits at most so many `seconds` in all.

    With `anew` they are asked whatever they have said a moment ago. `pending` tells whether one
    is still being asked, `unknown` why columns are not known, as a sentence by node.
    """

    seconds: float
    anew: bool = False
    pending: bool = False
    unknown: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.seconds

    def peek(self, node: Node, module: Extractor) -> Columns | None:
        """Return the columns of an extractor, None where they are not known."""
        left = max(0.0, self._until - time.monotonic())
        try:
            found = _peeked.get(
                (node.module, module.config.fingerprint()),
                partial(_columns_of, module, node.id),
                wait=min(left, _PATIENCE),
                source=_source_of(module),
                anew=self.anew,
            )
        except Pending:
            self.pending = True
            return None
        except Unanswered:
            self.unknown[node.id] = _(
                "The columns of '%(node)s' are not known: %(source)s did not answer within "
                "%(seconds)g s. It is asked again in a moment."
            ) % {"node": node.id, "source": _called(module), "seconds": _PATIENCE}
            return None
        except ETLError as error:
            # A file may come later, and a server come back: nothing is wrong with the graph.
            self.unknown[node.id] = _("The columns of '%(node)s' are not known: %(why)s") % {
                "node": node.id,
                "why": translated(error.message),
            }
            return None
        self.pending |= found.pending
        return found.value if found.fresh or not self.anew else None


def _columns_of(module: Extractor, node_id: str) -> Columns | None:
    settings = run_settings()
    return module.peek(
        RunContext(
            execution_id="check",
            node_id=node_id,
            staging=settings.staging,
            data_dirs=settings.data_dirs,
            memory_limit=settings.memory_limit,
        )
    )


def _source_of(module: Extractor) -> tuple[str, str | None]:
    """Return what is slow where this extractor is: its server, or else its file."""
    connection = getattr(module.config, "connection", None)
    path = getattr(module.config, "path", None)
    return ("connection", connection) if connection else (module.key, path)


def _called(module: Extractor) -> str:
    kind, name = _source_of(module)
    if kind == "connection":
        return _("connection '%(name)s'") % {"name": name}
    return _("file '%(name)s'") % {"name": name} if name else str(module.title)
