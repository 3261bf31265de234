"""Files that a loader leaves, here or in object storage: whole, or as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from etl.context import RunContext
from etl.files.paths import check_relative, is_pattern, writable
from etl.files.reading import StorageConnection, check_connection
from etl.files.remote import RemoteFiles, check_uri, is_uri, remote_files
from etl.messages import say
from etl.module import ModuleConfig

if TYPE_CHECKING:
    from typing import Self

    from etl.inputs import Inputs


def check_target(path: str) -> str:
    """Return `path` if it names one file that may be written; else raise ValueError."""
    if not is_uri(path):
        return check_relative(path)
    if is_pattern(path):
        raise ValueError(
            say("The URI holds one of * ? [ ], which no file here may. Rename the file")
        )
    return check_uri(path)


TargetPath = Annotated[
    str,
    Field(min_length=1, max_length=500, json_schema_extra={"format": "data-path"}),
    AfterValidator(check_target),
]


class TargetConfig(ModuleConfig):
    """Settings of a module that writes a file."""

    path: TargetPath = Field(
        description="File below the first data folder, where folders on the way are made, or a "
        "URI (s3, gs, az, sftp) together with a connection.",
        examples=["reports/totals", "s3://lake/reports/totals"],
    )
    connection: StorageConnection = None

    @model_validator(mode="after")
    def _connection_fits(self) -> "Self":
        check_connection(self.path, self.connection)
        return self


def temporary_of(target: Path, context: RunContext) -> Path:
    """Return a hidden path beside a target; what an earlier try left there is for removal."""
    return target.with_name(f"{_stem(target, context)}{context.attempt}")


def earlier_tries(target: Path, context: RunContext) -> list[Path]:
    """Return what killed tries of the same node have left beside a target."""
    stem = _stem(target, context)
    return [path for path in target.parent.iterdir() if path.name.startswith(stem)]


def _stem(target: Path, context: RunContext) -> str:
    return f".{target.name[:60]}.{context.execution_id[:60]}.{context.node_id[:60]}."


@contextmanager
def replaced(path: str, context: RunContext) -> Iterator[Path]:
    """Give a temporary path to write; at the end it becomes the file `path`, at once.

    If the block raises, or the execution was cancelled meanwhile, the old file stays as it was
    and the temporary one is removed.
    """
    target = writable(path, context.data_dirs)
    for left in earlier_tries(target, context):
        left.unlink(missing_ok=True)
    temporary = temporary_of(target, context)
    try:
        yield temporary
        context.check_stop()
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def target_file(config: TargetConfig, inputs: "Inputs", context: RunContext) -> Iterator[Path]:
    """Give a local path to write; at the end its content is the file that a config names.

    Readers see the old file or the new one. If the block raises, the old one stays.
    """
    if not is_uri(config.path):
        with replaced(config.path, context) as temporary:
            yield temporary
        return
    # Looked up first: a wrong connection is known before the work is done.
    storage = storage_of(config, context)
    temporary = inputs.scratch_folder() / "target"
    yield temporary
    context.check_stop()
    storage.upload(temporary, config.path)


def storage_of(config: TargetConfig, context: RunContext) -> RemoteFiles:
    """Return the storage of a config whose path is a URI."""
    return remote_files(config.path, config.connection or "", context)
