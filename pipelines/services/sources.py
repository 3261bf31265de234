"""What the editor offers to pick from: connections, their tables, and files. Never a secret."""

import logging
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.utils.translation import gettext as _

from airflow_bridge import factory
from airflow_bridge.patience import within
from etl.connections import Connection, from_environment
from etl.databases.tables import table_names
from etl.errors import ETLError
from etl.files.listing import DataFile, data_files
from etl.preview.connecting import known_connection
from etl.settings import run_settings
from pipelines.errors import ConnectionNotHere, NoDataFolder, SourceUnavailable
from pipelines.messages import translated

logger = logging.getLogger(__name__)

T = TypeVar("T")

AIRFLOW_SECONDS = 5.0
TABLES_SECONDS = 8.0
_ID = re.compile(r"[\w.\-]{1,250}", re.ASCII)


@dataclass(frozen=True)
class KnownConnection:
    """A connection that nodes may name.

    `type` and `description` are Airflow's, empty where it does not tell them. `opens_here` says
    whether previews, and lists of its tables, can use it, too.
    """

    id: str
    type: str
    description: str
    opens_here: bool


def known_connections() -> list[KnownConnection]:
    """Return the connections of Airflow, and those of LOGIDATA_CONNECTIONS, by their ids.

    Raise AirflowError if Airflow cannot be asked.
    """
    with within(AIRFLOW_SECONDS):
        listed = factory.get_airflow_client().list_connections()
    found = {
        connection.id: KnownConnection(
            connection.id,
            connection.type,
            connection.description,
            _own(connection.id) is not None,
        )
        for connection in listed
    }
    for name in settings.LOGIDATA_CONNECTIONS - found.keys():
        own = _own(name)
        found[name] = KnownConnection(name, own.type if own else "", "", own is not None)
    return [found[name] for name in sorted(found, key=str.casefold)]


def _own(connection_id: str) -> Connection | None:
    try:
        return from_environment(connection_id, os.environ)
    except ETLError:
        return None


def tables_of(connection_id: str, search: str) -> list[str]:
    """Return the names of at most 200 tables and views that hold a text.

    Raise ConnectionNotHere where the web server does not know the connection, or it leads to no
    database, and SourceUnavailable where its server does not answer.
    """
    if not _ID.fullmatch(connection_id):
        raise ConnectionNotHere(_("This is no id of a connection. Pick one of the list."))
    try:
        connection = known_connection(connection_id, os.environ)
        data_dirs = run_settings().data_dirs
        return _in_time(lambda: table_names(connection, search, data_dirs), connection_id)
    except ETLError as error:
        if error.retryable:
            # What it says is for a run: what was kept of it, and to execute it again.
            logger.info("The tables of connection '%s' are not listed: %s", connection_id, error)
            raise _not_listed(connection_id) from None
        said = translated(error.message)
        raise ConnectionNotHere(said[:1].upper() + said[1:]) from None


def _in_time(work: Callable[[], T], connection_id: str) -> T:
    """Return what some work gives; a server that hangs must not hold up the web server's own."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            future.set_exception(error)

    threading.Thread(target=run, name="tables", daemon=True).start()
    try:
        return future.result(TABLES_SECONDS)
    except NotInTime:
        raise _not_listed(connection_id) from None


def _not_listed(connection_id: str) -> SourceUnavailable:
    return SourceUnavailable(
        _(
            "The database of connection '%(connection_id)s' cannot be reached, or has not answered "
            "in time, so its tables cannot be listed. Write the table's name by hand, or see that "
            "its server runs and try again."
        )
        % {"connection_id": connection_id}
    )


def files_below(prefix: str) -> list[DataFile]:
    """Return at most 200 files whose paths begin with a text.

    Raise NoDataFolder where the web server sees none of LOGIDATA_DATA_DIRS.
    """
    folders = [folder for folder in run_settings().data_dirs if folder.is_dir()]
    if not folders:
        raise NoDataFolder(run_settings().data_dirs)
    return data_files(folders, prefix)
