"""How a service gives its records in pages, as a config says it."""

from typing import Literal

from pydantic import Field, model_validator

from etl.http.json_path import JSONPath
from etl.messages import say
from etl.module import ModuleConfig

Kind = Literal["none", "page", "offset", "cursor", "link", "next_url"]

_MEANT = {
    "none": (),
    "page": ("parameter", "start", "size_parameter", "size"),
    "offset": ("parameter", "start", "size_parameter", "size"),
    "cursor": ("parameter", "path", "size_parameter", "size"),
    "link": ("size_parameter", "size"),
    "next_url": ("path", "size_parameter", "size"),
}
_PARAMETERS = {"page": "page", "offset": "offset", "cursor": "cursor"}


class Pagination(ModuleConfig):
    """How to get from one page of records to the next."""

    kind: Kind = Field(
        default="none",
        description="page counts pages, offset counts records, both until a page is empty or "
        "short; cursor sends on what the page names under path; link follows the header Link with "
        "rel=next; next_url follows the address that the page holds under path.",
    )
    parameter: str | None = Field(
        default=None,
        min_length=1,
        description="Query parameter of the page number, the offset or the cursor. Empty: page, "
        "offset or cursor.",
    )
    start: int | None = Field(
        default=None, ge=0, description="The first page number (else 1) or offset (else 0)."
    )
    size_parameter: str | None = Field(
        default=None,
        min_length=1,
        description="Query parameter of the size of a page.",
        examples=["per_page"],
    )
    size: int | None = Field(
        default=None, ge=1, description="Records a page: fewer mean the last one.", examples=[100]
    )
    path: JSONPath | None = Field(
        default=None,
        description="Where a page holds the next cursor or address.",
        examples=["meta.next_cursor", "links.next"],
    )
    in_body: bool = Field(
        default=False,
        description="Send page number, offset, cursor and size as fields of the JSON body instead "
        "of query parameters.",
    )

    @model_validator(mode="after")
    def _fits_kind(self) -> "Pagination":
        given = {
            n
            for n in ("parameter", "start", "size_parameter", "size", "path")
            if getattr(self, n) is not None
        }
        odd = sorted(given - set(_MEANT[self.kind]))
        if odd:
            raise ValueError(
                say(
                    "With pagination {kind}, {odd} means nothing. Remove it, or set kind",
                    kind=self.kind,
                    odd=odd[0],
                )
            )
        if "path" in _MEANT[self.kind] and not self.path:
            raise ValueError(
                say("With pagination {kind}, path must say where. Add it", kind=self.kind)
            )
        if self.size_parameter and not self.size:
            raise ValueError(say("A size_parameter needs a size. Add it"))
        if self.in_body and self.kind not in _PARAMETERS:
            raise ValueError(
                say("With pagination {kind}, in_body means nothing. Remove it", kind=self.kind)
            )
        return self

    @property
    def name(self) -> str:
        """The name of the parameter that says which page."""
        return self.parameter or _PARAMETERS[self.kind]

    @property
    def first(self) -> int:
        """The first page number or offset."""
        return self.start if self.start is not None else int(self.kind == "page")
