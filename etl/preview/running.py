"""Running the nodes of a preview, and reading the first rows of what they give."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from etl.connections import Connection
from etl.context import RunContext, Sample
from etl.dataset import Dataset, local_parts, open_dataset
from etl.errors import ConfigError, ETLError
from etl.graph import Node, split_reference
from etl.messages import read_message, say
from etl.module import Extractor, Transformer
from etl.preview.limits import explained
from etl.preview.part import Part, sources_of
from etl.preview.reuse import Output, Shelf, key_of
from etl.registry import get_module
from etl.results import output_of
from etl.runner import run_node
from etl.settings import RunSettings
from etl.storage import Storage, as_json
from etl.template_context import template_context
from etl.templates import render

# What a browser can show: wide rows are fewer.
_MOST_BYTES = 2_000_000
_RUN_ID = "preview"

Report = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see: at most `shown` rows, made from `read` rows of each source.

    `owner` names their folder in the staging. It is to take no more than `seconds`. A `fresh`
    preview reads the sources again.
    """

    part: Part
    params: Mapping[str, object]
    owner: str
    shown: int
    read: int
    seconds: float
    fresh: bool = False


def run_part(
    wish: Wish,
    settings: RunSettings,
    *,
    connection: Callable[[str], Connection],
    report: Report,
    logger: logging.Logger,
) -> dict[str, Any]:
    """Run the nodes of a preview and return {name: columns, rows, count, total} of its outputs.

    `report` is told of each node when it begins and ends. Raise ETLError, naming the node.
    Nothing is loaded, and no watermark is read or moved.
    """
    run = _Run(wish, settings, connection, report, logger)
    for node_id in wish.part.graph.topological_order():
        run.node(wish.part.graph.node(node_id))
    return {name: run.shown(reference) for name, reference in wish.part.shown.items()}


class _Run:
    def __init__(
        self,
        wish: Wish,
        settings: RunSettings,
        connection: Callable[[str], Connection],
        report: Report,
        logger: logging.Logger,
    ) -> None:
        self._wish = wish
        self._staging = settings.staging
        self._settings = settings
        self._connection = connection
        self._report = report
        self._logger = logger
        self._shelf = Shelf(settings.staging, wish.owner)
        self._outputs: dict[str, Output] = {}
        # Two previews of one person may run the same node at once.
        self._attempt = secrets.randbelow(10**12) + 1
        self._names = template_context(dict(wish.params), now=datetime.now(UTC), run_id=_RUN_ID)

    def node(self, node: Node) -> None:
        """Run a node, or take what an earlier preview has left of the same."""
        self._report({"node": node.id, "status": "running"})
        try:
            config = render(node.config, self._names)
        except ConfigError as error:
            error.node = error.node or node.id
            raise
        sources = sources_of(self._wish.part, node.id)
        key = key_of(
            node.module,
            config,
            {port: (self._outputs[source].key, name) for port, (source, name) in sources.items()},
            rows=self._wish.read,
            data_dirs=self._settings.data_dirs,
        )
        began = time.monotonic()
        found = None if self._wish.fresh else self._shelf.find(key)
        output = found or self._executed(node, config, sources, key)
        self._outputs[node.id] = output
        rejected = output.result["rejected"]
        self._report(
            {
                "node": node.id,
                "status": "success",
                "reused": found is not None,
                "rows": output.result["metrics"]["rows_out"],
                "rejected": rejected["rows"] if rejected else 0,
                "seconds": round(time.monotonic() - began, 3),
                "warnings": list(
                    map(read_message, output.result["warnings"], output.result["wordings"])
                ),
            }
        )

    def _executed(
        self,
        node: Node,
        config: Mapping[str, Any],
        sources: Mapping[str, tuple[str, str | None]],
        key: str,
    ) -> Output:
        module = get_module(node.module)
        if not issubclass(module, Extractor | Transformer):
            raise ConfigError(say("a preview loads nothing."), node=node.id)
        sample = Sample(self._wish.read, self._wish.seconds)
        inputs = {
            port: output_of(self._outputs[source].result, name)
            for port, (source, name) in sources.items()
        }
        try:
            result = run_node(
                node_id=node.id,
                module=node.module,
                config=config,
                inputs=inputs,
                context=self._context(key, sample),
            )
        except ETLError as error:
            raise explained(error, self._settings.memory_limit) from error
        cut = sample.cut or any(self._outputs[source].cut for source, _ in sources.values())
        output = Output(key, result, cut)
        self._shelf.keep(output)
        return output

    def _context(self, key: str, sample: Sample) -> RunContext:
        return RunContext(
            execution_id=self._wish.owner,
            node_id=key,
            staging=self._staging,
            attempt=self._attempt,
            data_dirs=self._settings.data_dirs,
            connection=self._connection,
            memory_limit=self._settings.memory_limit,
            sample=sample,
            logger=self._logger,
        )

    def shown(self, reference: str) -> dict[str, Any]:
        """Return the columns and the first rows of an output.

        `count` is how many rows the sample gave, `total` the same where all rows were read.
        """
        node_id, name = split_reference(reference)
        output = self._outputs[node_id]
        storage = Storage(self._staging)
        dataset = open_dataset(storage, str(output_of(output.result, name)["uri"]))
        return {
            "columns": [{"name": c.name, "type": c.type} for c in dataset.columns],
            "rows": list(_fitting(_first(storage, dataset, self._wish.shown, self._settings))),
            "count": dataset.rows,
            "total": None if output.cut else dataset.rows,
        }


def _first(
    storage: Storage, dataset: Dataset, count: int, settings: RunSettings
) -> list[dict[str, Any]]:
    """Return the first records, cut off as samples of an execution are."""
    if count <= len(dataset.sample) or dataset.rows <= len(dataset.sample):
        return [dict(record) for record in dataset.sample[:count]]
    from etl.engine import Engine
    from etl.staging import first_records

    with TemporaryDirectory(prefix="logidata-preview-") as folder:
        work = Path(folder).resolve()
        parts = [part.resolve() for part in local_parts(storage, dataset, work / "parts")]
        with Engine(
            tables={"rows": parts}, folder=work, memory_limit=settings.memory_limit
        ) as engine:
            return list(first_records(engine.connect().table("rows"), dataset.columns, count))


def _fitting(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    size = 0
    for record in records:
        size += len(as_json(record))
        if size > _MOST_BYTES:
            return
        yield record
