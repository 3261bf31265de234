"""load.http"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from etl.columns import require_columns
from etl.http.settings import HTTPConfig
from etl.inputs import Inputs
from etl.messages import say
from etl.module import Loaded, Loader, RunContext
from etl.quarantine import QuarantineConfig, allowed_rows

_PLACE = re.compile(r"\{([^{}/]*)\}")


class LoadHTTP(Loader):
    """Send the rows to a REST service as JSON, one a request or in batches.

    Secrets come from a connection only, and requests are repeated when the service is busy, as in
    extract.http. Rows that the service refuses with status 400, 409 or 422 are faulty, if each is
    sent by itself; a batch that it refuses so fails the node. Rows that were sent before stay.

    What the service has confirmed is noted after each request, and a retry goes on from there.
    A node that is killed between an answer and its note, or that gets no answer, sends that one
    batch again. It has the same header `Idempotency-Key` then, made of execution, node and number
    of the batch: only a service that looks at it, or a method that can be repeated such as PUT,
    makes sure that no row arrives twice.

    Times are sent in ISO 8601, bytes as Base64; infinity and NaN, which JSON lacks, as null.
    """

    key = "load.http"
    title = "REST service"
    icon = "cloud_upload"
    keywords = "rest, web service, webhook, upload, post, url"

    class Config(HTTPConfig, QuarantineConfig):
        """The settings of load.http."""

        method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="How to send.")
        body: Literal["row", "array", "lines"] = Field(
            default="row",
            description="What a request holds: one row as an object, a list of rows, or a row a "
            "line (JSON lines). With row, the path may name columns, such as orders/{order_id}.",
        )
        batch_rows: int = Field(
            default=100, ge=1, le=100_000, description="Rows a request, for array and lines."
        )

        @model_validator(mode="after")
        def _places_fit_body(self) -> "LoadHTTP.Config":
            if self.body != "row" and _PLACE.search(self.path):
                raise ValueError(say("A path that names a column needs body row. Set it"))
            return self

    @classmethod
    def adds(cls, config: Mapping[str, Any]) -> bool:
        """Return True: rows that were sent before stay."""
        return True

    config: Config

    def execute(self, inputs: Inputs, context: RunContext) -> Loaded:
        """Send the rows and return how many the service took; raise what keeps it from that."""
        from etl.http.client import Client
        from etl.http.delivering import Delivery

        config = self.config
        dataset = inputs["input"]
        places = list(dict.fromkeys(_PLACE.findall(config.path)))
        require_columns(places, dataset.column_names(), field="path")
        connection = context.connection(config.connection) if config.connection else None
        with Client(config, connection, context.logger) as client:
            delivery = Delivery(
                client=client,
                context=context,
                inputs=inputs,
                method=config.method,
                form=config.body,
                rows=1 if config.body == "row" else config.batch_rows,
                path_columns=places,
                query=dict(config.query),
                allowed=allowed_rows(config, dataset.rows),
            )
            delivery.run()
            target = f"{config.method} {client.shown(client.address)}"
        return Loaded(
            rows=delivery.confirmed,
            target=target,
            rejected=lambda: delivery.faulty.relation(inputs.database()),
        )
