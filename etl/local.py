"""Running a whole graph in this process, without Airflow: for trying out, tests and examples."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.connections import Connection, from_environment
from etl.context import RunContext
from etl.dataset import remove_execution
from etl.errors import ETLError
from etl.graph import Graph, GraphError, Node, parse_graph, split_reference, watermark_of
from etl.messages import say
from etl.report import NodeRow
from etl.results import NodeResult, output_of
from etl.runner import run_node
from etl.schemas import follow_columns, peek_with
from etl.settings import RunSettings
from etl.template_context import template_context
from etl.templates import render
from etl.validation import validate_graph

_LOGGER = logging.getLogger("logidata.local")


@dataclass(frozen=True)
class LocalRun:
    """What became of a graph: a row and, if it succeeded, a result for every node."""

    execution_id: str
    rows: tuple[NodeRow, ...]
    results: Mapping[str, NodeResult]
    error: ETLError | None

    @property
    def succeeded(self) -> bool:
        """Whether every node succeeded."""
        return self.error is None


def run_graph(
    raw: object,
    *,
    params: Mapping[str, object],
    settings: RunSettings,
    connection: Callable[[str], Connection] = from_environment,
    keep_staging: bool = False,
    pipeline: str | None = None,
    on_start: Callable[[str], None] = lambda node_id: None,
) -> LocalRun:
    """Run the nodes of a graph in order and return what happened to each.

    Nodes after a failed one are skipped. Raise GraphError, naming every problem, if the graph
    cannot run at all. The staged data is removed at the end unless `keep_staging`. The positions
    of watermarks are kept under the name `pipeline`; without one, each run begins anew.
    """
    problems = validate_graph(raw, connections=None)
    if problems:
        raise GraphError(problems)
    graph = parse_graph(raw)

    def context_of(node_id: str) -> RunContext:
        return RunContext(
            execution_id=execution_id,
            node_id=node_id,
            staging=settings.staging,
            state=settings.state,
            pipeline=pipeline,
            data_dirs=settings.data_dirs,
            connection=connection,
            memory_limit=settings.memory_limit,
            logger=_LOGGER,
        )

    now = datetime.now(UTC)
    execution_id = f"local-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    faults = follow_columns(graph, params=params, peek=peek_with(context_of)).problems
    if faults:
        raise GraphError(faults)
    context = template_context(dict(params), now=now, run_id=execution_id)
    rows: list[NodeRow] = []
    results: dict[str, NodeResult] = {}
    error: ETLError | None = None
    try:
        for node_id in graph.topological_order():
            node = graph.node(node_id)
            sources = graph.inputs_of(node_id)
            if any(split_reference(source)[0] not in results for source in sources.values()):
                rows.append(NodeRow(node_id, node.module, "skipped"))
                continue
            on_start(node_id)
            run = context_of(node_id)
            row, result, failure = _run_with_retries(node, graph, results, context, run)
            rows.append(row)
            error = error or failure
            if result is not None:
                results[node_id] = result
    finally:
        if not keep_staging:
            remove_execution(settings.staging, execution_id)
    return LocalRun(execution_id, tuple(rows), results, error)


def _run_with_retries(
    node: Node,
    graph: Graph,
    results: Mapping[str, NodeResult],
    context: Mapping[str, object],
    run: RunContext,
) -> tuple[NodeRow, NodeResult | None, ETLError | None]:
    inputs = {
        port: output_of(results[source], output)
        for port, reference in graph.inputs_of(node.id).items()
        for source, output in [split_reference(reference)]
    }
    started = time.monotonic()
    attempt = 0
    while True:
        attempt += 1
        try:
            result = run_node(
                node_id=node.id,
                module=node.module,
                config=render(node.config, context),
                inputs=inputs,
                context=RunContext(**{**vars(run), "attempt": attempt}),
                watermark=watermark_of(node, graph),
                timeout=node.timeout,
            )
        except ETLError as exc:
            exc.node = exc.node or node.id
            if exc.retryable and attempt <= node.retries:
                run.logger.warning("try %d failed: %s", attempt, exc)
                continue
            seconds = time.monotonic() - started
            row = NodeRow(
                node.id, node.module, "failed", attempt, seconds=seconds, message=str(exc)
            )
            return row, None, exc
        metrics = result["metrics"]
        row = NodeRow(
            node.id,
            node.module,
            "success",
            attempt,
            metrics["rows_in"],
            metrics["rows_out"],
            time.monotonic() - started,
        )
        return row, result, None


def read_pipeline(path: Path) -> tuple[Any, dict[str, object]]:
    """Return (graph, default params) of a JSON file: a graph, or a pipeline that holds one.

    Raise ETLError if the file is missing or is no JSON.
    """
    import json

    from etl.errors import ConfigError

    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(
            say(
                "{path} cannot be read: {strerror}. Name a JSON file.",
                path=path,
                strerror=exc.strerror,
            )
        ) from None
    except ValueError as exc:
        raise ConfigError(
            say("{path} is no JSON: {error}. Correct it.", path=path, error=exc)
        ) from None
    if isinstance(raw, dict) and "config" in raw:
        defaults = raw.get("default_params") or {}
        return raw["config"], dict(defaults) if isinstance(defaults, dict) else {}
    return raw, {}
