"""What a module is. A module is one file, one class, one line in the registry, one test."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from etl.context import RunContext
from etl.errors import ETLError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    from etl.inputs import Inputs

__all__ = [
    "ConnectionId",
    "Extractor",
    "Kind",
    "Loaded",
    "Loader",
    "Module",
    "ModuleConfig",
    "Output",
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
            "This is no id of a connection. Define the connection in Airflow, and name it here by "
            "its id of letters, digits and the characters _ . - only"
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

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Loaded:
    """What a loader did: `rows` written to `target`, a name for people without secrets."""

    rows: int
    target: str


# What `execute` may return. All but `Loaded` is staged by the runner.
Output: TypeAlias = (
    "duckdb.DuckDBPyRelation | pa.Table | pa.RecordBatchReader | pd.DataFrame"
    " | Iterator[pa.RecordBatch] | Loaded"
)


class Module(ABC):
    """One kind of work. Its docstring's first line says what it does, for people."""

    key: ClassVar[str]
    kind: ClassVar[Kind]
    title: ClassVar[str]
    ports: ClassVar[tuple[str, ...]] = ("input",)
    # A variadic module takes any number of inputs, each a port named after its source.
    variadic: ClassVar[bool] = False
    Config: ClassVar[type[ModuleConfig]]

    def __init__(self, config: ModuleConfig) -> None:
        self.config = config

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
    """Brings data in. Has no input."""

    kind = "extract"
    ports = ()


class Transformer(Module):
    """Turns its inputs into one output."""

    kind = "transform"


class Loader(Module):
    """Brings data out. Has no successor."""

    kind = "load"

    @abstractmethod
    def execute(self, inputs: "Inputs", context: RunContext) -> Loaded:
        """Write the input and return what was written. Must be safe to repeat."""
