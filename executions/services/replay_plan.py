"""Which nodes a replay needs, and whether their graph can take in some of the rows again."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from etl.graph import Graph, Node, split_reference
from etl.messages import Message, say
from etl.module import Extractor, Loader, Module
from etl.registry import UnknownModuleError, get_module
from executions.errors import NotReplayable

# It gives the rows of each input as they are: another input's need not go through again.
_UNION = "transform.union"


def idle_nodes(graph: Graph, node_id: str) -> list[str]:
    """Return the nodes that have nothing to do when the node's rejected rows go through again.

    The node and all behind it are needed, and whatever feeds those besides.
    """
    needed = set(_behind(graph, node_id))
    # The replayed node has its rows; and a union of theirs needs no more than what comes from it.
    satisfied = {node_id, *(other for other in needed if graph.node(other).module == _UNION)}
    order = graph.topological_order()
    for other in reversed(order):
        if other in needed and other not in satisfied:
            needed |= _sources(graph, other)
    return [other for other in order if other not in needed]


def require_replayable(graph: Graph, node_id: str, *, raw_of: str | None = None) -> None:
    """Raise `NotReplayable` if the graph lacks the node, or would lose rows that are loaded.

    `raw_of` is the module that has left the rows as raw records, None if they are an input's rows.
    """
    nodes = {node.id: node for node in graph.nodes}
    if node_id not in nodes:
        raise NotReplayable(
            node_id,
            _("the pipeline has no such node any more. Execute the whole pipeline again."),
        )
    if reason := _why_not_taken(graph.node(node_id), graph, raw_of):
        raise NotReplayable(
            node_id, _("%(reason)s Execute the whole pipeline again.") % {"reason": reason}
        )
    for other in _behind(graph, node_id):
        module = module_of(nodes[other].module)
        if module and issubclass(module, Loader) and not module.adds(nodes[other].config):
            raise NotReplayable(
                node_id,
                _(
                    "node '%(other)s' replaces what is in its target, where the replayed "
                    "rows would be the only ones. Give it a mode that adds rows (append or "
                    "upsert), or execute the whole pipeline again."
                )
                % {"other": other},
            )


def _why_not_taken(node: Node, graph: Graph, raw_of: str | None) -> str:
    inputs = graph.inputs_of(node.id)
    if raw_of is not None:
        if node.module == raw_of:
            return ""
        return _("it is %(module)s now, and cannot read the records that %(raw_of)s rejected.") % {
            "module": node.module,
            "raw_of": raw_of,
        }
    if len(inputs) > 1:
        return _("it has %(count)s inputs, and which of them a row came from was not kept.") % {
            "count": len(inputs)
        }
    return "" if inputs else _("it has no input now that could bring them.")


def why_not_kept(key: str) -> str:
    """Return why a module's rejected rows are not kept such that they can be replayed."""
    module = module_of(key)
    if module and issubclass(module, Extractor) and not module.rereads:
        return _(
            "%(key)s asks for its rows anew, and cannot be given them again. Correct "
            "them where they come from, and execute the whole pipeline again."
        ) % {"key": key}
    return _(
        "what columns they had was not kept. Correct them at their source, and execute the whole "
        "pipeline again."
    )


def warnings_of(graph: Graph, node_id: str) -> list[Message]:
    """Return what to think of: nodes that see other rows together with the replayed ones, or not.

    At first they saw all rows of each input.
    """
    nodes = {node.id: node for node in graph.nodes}
    behind = _behind(graph, node_id)
    running = set(nodes) - set(idle_nodes(graph, node_id))
    found = []
    for other in behind[1:]:
        module = module_of(nodes[other].module)
        if module is None or module.kind != "transform":
            continue
        besides = sorted((_sources(graph, other) & running) - set(behind))
        if besides and not _only_matches(graph, nodes[other], set(behind)):
            found.append(
                say(
                    "Node '{node}' ({module}) takes in all rows of {others} again: see that those "
                    "which come out of it may be loaded again.",
                    node=other,
                    module=module.key,
                    others=", ".join(besides),
                )
            )
        elif module.account == "makes" and len(graph.inputs_of(other)) == 1:
            found.append(
                say(
                    "Node '{node}' ({module}) sees the replayed rows alone, without those that "
                    "went on at first: see that what it makes of them may be added to what is "
                    "loaded.",
                    node=other,
                    module=module.key,
                )
            )
    return found


def _only_matches(graph: Graph, node: Node, behind: set[str]) -> bool:
    """Whether only what matches a replayed row comes out of a join."""
    replayed = {
        port
        for port, reference in graph.inputs_of(node.id).items()
        if split_reference(reference)[0] in behind
    }
    how = node.config.get("how", "inner")
    if how == "inner":
        return node.module == "transform.join"
    outer = {"left": "left", "semi": "left", "anti": "left", "right": "right"}
    return node.module == "transform.join" and replayed == {outer.get(str(how))}


def _behind(graph: Graph, node_id: str) -> list[str]:
    """Return the node and all that its rows reach, in order."""
    reached = [node_id]
    for other in graph.topological_order():
        if other != node_id and _sources(graph, other) & set(reached):
            reached.append(other)
    return reached


def _sources(graph: Graph, node_id: str) -> set[str]:
    return {split_reference(reference)[0] for reference in graph.inputs_of(node_id).values()}


def module_of(key: str) -> type[Module] | None:
    """Return the module with that key, None if it is not installed (any more)."""
    try:
        return get_module(key)
    except UnknownModuleError:
        return None


def plan(
    graph: Graph, node_id: str, uri: str, rows: int, records: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what `PipelineExecution.replay_plan` holds: what goes to the operator, and `rows`."""
    return {
        "replay": {"node": node_id, "uri": uri, "records": dict(records)},
        "idle": idle_nodes(graph, node_id),
        "rows": rows,
    }
