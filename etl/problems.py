"""One thing wrong with a graph."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and what to do about it.

    `node` is the id of the node at fault, or None when the graph as a whole is. `field` is a
    dotted path in the node ("config.path", "retries") or in the graph ("edges.2.target").
    `message` is a whole sentence for people.
    """

    node: str | None
    field: str | None
    message: str
