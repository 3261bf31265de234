"""extract.http"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from etl.columns import ColumnName, unique_names
from etl.context import Sample
from etl.http.json_path import JSONPath
from etl.http.paging import Pagination
from etl.http.settings import HTTPConfig, Scalar
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Extractor, Result, RunContext
from etl.quarantine import QuarantineConfig
from etl.sql_checks import SQLType

_Page = tuple[str, list[Any]]
_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?")


class ExtractHTTP(Extractor):
    """Read records from a REST service that gives them as JSON.

    Secrets come from a connection, which is read as Airflow's HTTP hook does: its extras that are
    texts are sent as headers. They go to the address of the connection only: not along with a
    redirect to another server, and a next page on another server fails the node.
    Requests are repeated, with growing pauses, when the service answers 429 or 5xx or cannot be
    reached; what it asks for in Retry-After is kept to.

    The types of columns are those that all records fit into, unless they are given. Numbers with
    a point are read in double precision, and texts are times only when each is one in ISO 8601;
    times with an offset become UTC. Nested values are JSON, for which a type such as
    VARCHAR[] can be given. A record that is no object, or does not fit a given type, is faulty.
    """

    key = "extract.http"
    title = "REST service"
    icon = "cloud_download"
    keywords = "rest, web service, download, url"
    account = "keeps"

    class Config(HTTPConfig, QuarantineConfig):
        """The settings of extract.http."""

        method: Literal["GET", "POST"] = Field(default="GET", description="How to ask.")
        body: dict[str, Any] | list[Any] | None = Field(
            default=None,
            description="JSON to send along with a POST.",
            examples=[{"filter": {"status": "paid"}}],
        )
        records: JSONPath = Field(
            default="",
            description="Path to the list of records in an answer. Empty: the answer is the list. "
            "A single object counts as a list of one.",
            examples=["data.items", "['search results'][0].hits"],
        )
        pagination: Pagination = Field(
            default=Pagination(), description="How to get from one page to the next."
        )
        max_pages: int = Field(
            default=10_000, ge=1, description="More pages than this fail the node."
        )
        max_rows: int | None = Field(
            default=None, ge=1, description="More records than this fail the node."
        )
        watermark_parameter: str | None = Field(
            default=None,
            min_length=1,
            description="With a watermark: query parameter by which the service is told the value "
            "to read from, so that it need not give older records. Times are in ISO 8601.",
            examples=["updated_since"],
        )
        types: dict[ColumnName, SQLType] = Field(
            default={},
            description="SQL types of columns that must not be guessed, or that may be missing.",
            examples=[{"amount": "DECIMAL(10, 2)", "tags": "VARCHAR[]"}],
        )

        @model_validator(mode="after")
        def _body_fits_method(self) -> "ExtractHTTP.Config":
            if self.body is not None and self.method != "POST":
                raise ValueError(
                    say("A body is for method POST only. Remove it, or set the method")
                )
            if self.pagination.in_body and self.method != "POST":
                raise ValueError(say("Pagination in_body is for method POST only. Set the method"))
            unique_names(self.types)
            return self

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Result:
        """Return the records of all pages; raise what keeps the service from giving them."""
        from etl.http.client import Client
        from etl.http.pages import Call, Pages
        from etl.http.records import Records

        config = self.config
        connection = context.connection(config.connection) if config.connection else None
        records = Records(inputs)
        with Client(config, connection, context.logger) as client:
            body = {} if config.body is None and config.pagination.in_body else config.body
            pages = Pages(
                client=client,
                method=config.method,
                first=Call(client.address, self._query(context), body),
                pagination=config.pagination,
                records=config.records,
                max_pages=config.max_pages,
            )
            given = ((page.url, page.records) for page in pages)
            records.write(_enough(given, context.sample), config.max_rows)
        return records.result(config.types)

    def _query(self, context: RunContext) -> dict[str, Scalar]:
        name, bounds = self.config.watermark_parameter, context.bounds
        if name is None or bounds is None or bounds.low is None:
            return self.config.query
        time = _TIME.fullmatch(bounds.low)
        # UTC, where the column has a zone at all.
        value = f"{time[1]}T{time[2]}{'Z' if time[3] else ''}" if time else bounds.low
        return {**self.config.query, name: value}


def _enough(pages: Iterator[_Page], sample: Sample | None) -> Iterator[_Page]:
    """Yield the pages, or as many as a sample wants: no further one is asked for."""
    count = 0
    for url, records in pages:
        yield url, records
        count += len(records)
        if sample is not None and count >= sample.rows:
            sample.cut = True
            return
