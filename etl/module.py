"""What a module is. A module is one file, one class, one line in the registry, one test."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from etl.context import RunContext
from etl.errors import ETLError
from etl.messages import say
from etl.titles import model_title, setting_title

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    from etl.dataset import Column, Layout
    from etl.inputs import Inputs

__all__ = [
    "Account",
    "ConnectionId",
    "Extractor",
    "Kind",
    "Loaded",
    "Loader",
    "Module",
    "ModuleConfig",
    "Output",
    "Result",
    "Rows",
    "RunContext",
    "Transformer",
]

Kind = Literal["extract", "transform", "load"]

CONNECTION_FORMAT = "connection"

_CONNECTION_ID = re.compile(r"[\w.\-]{1,250}", re.ASCII)


def _check_connection_id(value: str) -> str:
    if not _CONNECTION_ID.fullmatch(value):
        # The value is not repeated: people paste a whole URI here, password included.
        raise ValueError(
            say(
                "This is no id of a connection. Define the connection in Airflow, and "
                "name it here by its id of letters, digits and the characters _ . - only"
            )
        )
    return value


# A config field of this type holds the id of a connection: validation checks that it exists,
# and an editor offers those that do.
ConnectionId = Annotated[
    str,
    Field(min_length=1, json_schema_extra={"format": CONNECTION_FORMAT}),
    AfterValidator(_check_connection_id),
]


class ModuleConfig(BaseModel):
    """The settings of a module: validates the graph, draws the form, documents the module."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        field_title_generator=setting_title,
        model_title_generator=model_title,
    )

    def fingerprint(self) -> str:
        """Return a hash of all settings, to remember them by: they may be long."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


@dataclass(frozen=True)
class Loaded:
    """What a loader did: `rows` written to `target`, a name for people without secrets.

    `rejected` gives the rows that the target refused, in the form of `etl.quarantine.COLUMNS`;
    `removed` counts those that it was told not to write, or that are there already. `warnings`
    are sentences for people.
    """

    rows: int
    target: str
    removed: int = 0
    rejected: "Callable[[], duckdb.DuckDBPyRelation] | None" = None
    warnings: tuple[str, ...] = ()


# Rows that the runner stages.
Rows: TypeAlias = (
    "duckdb.DuckDBPyRelation | pa.Table | pa.RecordBatchReader | pd.DataFrame"
    " | Iterator[pa.RecordBatch]"
)
# A number of rows, or what counts them when it is asked: a relation of one row and column, or a
# function.
Count: TypeAlias = "int | duckdb.DuckDBPyRelation | Callable[[], int]"


@dataclass(frozen=True)
class Result:
    """Rows that go on, with an account of those that do not.

    `output` holds them by the name of the output where a module has several. `rejected` gives the
    faulty rows in the form of `etl.quarantine.COLUMNS`; it is called once the output is staged.
    A limit on their share is one of the rows of the port `rejects_from`, or of all ports.
    `removed` counts the rows dropped on purpose, `added` those made: both apart from the output,
    so that the account can fail to close. `warnings` gives sentences for people about rows that go
    on all the same; it is called once the output is staged, and may raise DataError to fail.
    `layouts` is for extractors that read raw records again: what these need to be rows.
    """

    output: "Rows | Mapping[str, Rows]"
    rejected: "Callable[[], duckdb.DuckDBPyRelation] | None" = None
    removed: "Count | None" = None
    added: "Count | None" = None
    warnings: "Callable[[], list[str]] | None" = None
    rejects_from: str | None = None
    layouts: "Sequence[Layout]" = ()


# What `execute` may return.
Output: TypeAlias = "Rows | Result | Loaded"

# How a module's output relates to the rows that it takes in. `keeps`: each goes on, or is
# rejected. `removes`: it says how many it drops. `makes`: the rows that go on are others, of which
# nothing can be claimed.
Account = Literal["keeps", "removes", "makes"]


class Module(ABC):
    """One kind of work. Its docstring's first line says what it does, for people."""

    key: ClassVar[str]
    kind: ClassVar[Kind]
    title: ClassVar[str]
    # Its sign in an editor: a name of Google's Material Symbols.
    icon: ClassVar[str] = "widgets"
    # Other words that people look for it by, with commas between them.
    keywords: ClassVar[str] = ""
    ports: ClassVar[tuple[str, ...]] = ("input",)
    # A variadic module takes any number of inputs, each a port named after its source.
    variadic: ClassVar[bool] = False
    account: ClassVar[Account] = "makes"
    Config: ClassVar[type[ModuleConfig]]

    def __init__(self, config: ModuleConfig) -> None:
        self.config = config

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the outputs, identifiers; () for a module with the one output.

        `config` is as somebody wrote it, templates included, and may be wrong in any way.
        """
        return ()

    @classmethod
    def problems(cls, config: ModuleConfig, inputs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield (config field, sentence) for what is wrong between a config and its inputs.

        `inputs` maps each port to the node that feeds it. Called while a graph is validated,
        for what the config alone cannot know.
        """
        return iter(())

    @abstractmethod
    def execute(self, inputs: "Inputs", context: RunContext) -> Output:
        """Do the work and return the output; raise ConfigError, DataError or TransientError.

        A relation is lazy: it is computed while the runner stages it.
        """

    def explain(self, error: Exception) -> ETLError | None:
        """Return `error` in this module's words, or None to leave it to the runner."""
        return None


class Extractor(Module):
    """Brings data in. Has no input.

    One that `rereads` keeps the rows that it rejects as raw records, with the `layouts` to read
    them by. Given such records at the port `etl.raw_records.RAW`, `execute` reads them in place of
    its source.
    """

    kind = "extract"
    ports = ()
    rereads: ClassVar[bool] = False

    def peek(self, context: RunContext) -> "tuple[Column, ...] | None":
        """Return the columns that it would give, None where that cannot be known.

        Called before anything runs: it must be quick, change nothing, and raise ETLError only.
        """
        return None


class Transformer(Module):
    """Turns its inputs into other rows.

    A `pure` one does no more in `execute` than build relations over its inputs: run on inputs
    without rows, it tells what it would give, and so its columns are known before it runs.
    """

    kind = "transform"
    pure: ClassVar[bool] = False


class Loader(Module):
    """Brings data out. Has no successor."""

    kind = "load"

    @classmethod
    def adds(cls, config: Mapping[str, Any]) -> bool:
        """Return whether a load leaves the rows that are in its target already.

        `config` is as somebody wrote it. A loader without the field `mode` writes its target anew
        unless it says otherwise here.
        """
        mode = cls.Config.model_fields.get("mode")
        return config.get("mode", mode.default if mode else None) in ("append", "upsert")

    @classmethod
    def doubles(cls, config: Mapping[str, Any]) -> bool:
        """Return whether loading the same rows in two executions leaves them there twice."""
        return cls.adds(config) and config.get("mode") != "upsert"

    @abstractmethod
    def execute(self, inputs: "Inputs", context: RunContext) -> Loaded:
        """Write the input and return what was written. Must be safe to repeat."""
