"""What a module reads: the datasets of its ports, as tables of a locked DuckDB."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset import Dataset
from etl.engine import Engine
from etl.sql import INPUT, quote

if TYPE_CHECKING:
    import duckdb


class Inputs(Mapping[str, Dataset]):
    """The datasets of a node by port. Each is also a table of that name."""

    def __init__(self, datasets: Mapping[str, Dataset], engine: Engine) -> None:
        self._datasets = dict(datasets)
        self._engine = engine

    def __getitem__(self, port: str) -> Dataset:
        return self._datasets[port]

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    def database(self, *, files: Sequence[Path] = ()) -> "duckdb.DuckDBPyConnection":
        """Return the node's DuckDB, which can reach its inputs, `files`, and nothing else."""
        return self._engine.connect(files=files)

    def query(self, sql: str) -> "duckdb.DuckDBPyRelation":
        """Return the lazy result of a SELECT. Parts that users wrote must be checked before."""
        return self.database().sql(sql)

    def select(
        self, items: Sequence[str], *, source: str = INPUT, then: str = ""
    ) -> "duckdb.DuckDBPyRelation":
        """Return the lazy SELECT of `items` from a table or join, `then` its other clauses.

        All three are SQL: names must be quoted, and what users wrote checked, before.
        """
        return self.query(f"SELECT {', '.join(items)} FROM {source} {then}")  # noqa: S608

    def relation(self, port: str = "input") -> "duckdb.DuckDBPyRelation":
        """Return one input as a lazy relation."""
        return self.query(f"FROM {quote(port)}")

    def scratch_file(self, name: str) -> Path:
        """Return the path of a temporary file that the node's DuckDB may write.

        It is removed at the end of the node.
        """
        return self._engine.scratch / name

    def scratch_folder(self) -> Path:
        """Return a folder that the node's DuckDB may read and write, removed with the node."""
        return self._engine.scratch
