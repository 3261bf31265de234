"""extract.http: every way to page, and services that would page for ever."""

from __future__ import annotations

from typing import Any

import pytest

from etl.context import Sample
from etl.errors import ConfigError, DataError
from tests.etl.conftest import Lab
from tests.etl.http.conftest import connected, ids, read
from tests.etl.http.server import Reply, Service

pytestmark = pytest.mark.slow


# Pages.


@pytest.mark.parametrize(
    ("path", "config", "requests"),
    [
        (
            "page",
            {
                "records": "data.items",
                "pagination": {"kind": "page", "size_parameter": "per_page", "size": 2},
            },
            3,
        ),
        ("page", {"records": "$.data['items']", "pagination": {"kind": "page"}}, 4),
        (
            "offset",
            {"pagination": {"kind": "offset", "size_parameter": "limit", "size": 5}},
            2,
        ),
        ("offset", {"pagination": {"kind": "offset"}}, 4),
        (
            "cursor",
            {
                "records": "rows",
                "pagination": {"kind": "cursor", "parameter": "after", "path": "meta.next"},
            },
            3,
        ),
        ("link", {"pagination": {"kind": "link"}}, 3),
        ("next", {"records": "rows", "pagination": {"kind": "next_url", "path": "next"}}, 3),
    ],
)
def test_every_way_to_page_gives_every_record_once(
    lab: Lab, service: Service, path: str, config: dict[str, Any], requests: int
) -> None:
    result = read(lab, service, path, **config)

    assert ids(lab, result) == [1, 2, 3, 4, 5]
    assert len(service.requests) == requests


def test_pages_can_be_asked_for_in_the_body(lab: Lab, service: Service) -> None:
    paging = {"kind": "page", "size_parameter": "per_page", "size": 2, "in_body": True}

    result = read(
        lab,
        service,
        "page",
        method="POST",
        body={"filter": {"a": 1}},
        records="data.items",
        pagination=paging,
    )

    assert ids(lab, result) == [1, 2, 3, 4, 5]
    assert [request.json for request in service.requests][1:] == [
        {"filter": {"a": 1}, "per_page": 2, "page": 2},
        {"filter": {"a": 1}, "per_page": 2, "page": 3},
    ]


def test_a_next_page_on_another_server_is_not_asked_for(
    lab: Lab, service: Service, elsewhere: Service
) -> None:
    lab = connected(lab, service)
    config = {"connection": "shop", "path": "foreign", "auth": "bearer", "records": "rows"}

    with pytest.raises(ConfigError, match="next page on another server"):
        lab.run("extract.http", {**config, "pagination": {"kind": "next_url", "path": "next"}})

    assert elsewhere.requests == []


def test_a_service_that_ignores_the_page_does_not_run_for_ever(lab: Lab, service: Service) -> None:
    with pytest.raises(DataError, match="gave the same page as the one before"):
        read(lab, service, "all", pagination={"kind": "page"})


def test_a_cursor_that_comes_back_does_not_run_for_ever(lab: Lab, service: Service) -> None:
    service.script = [Reply(body={"rows": [], "next": str(n % 2)}) for n in range(9)]

    with pytest.raises(DataError, match="leads back to a page"):
        read(lab, service, records="rows", pagination={"kind": "cursor", "path": "next"})


def test_too_many_pages_or_rows_fail_the_node(lab: Lab, service: Service) -> None:
    with pytest.raises(DataError, match="not at its end after 2 pages") as caught:
        read(lab, service, "link", pagination={"kind": "link"}, max_pages=2)
    assert caught.value.field == "config.max_pages"

    with pytest.raises(DataError, match="more than 4 records"):
        read(lab, service, "link", pagination={"kind": "link"}, max_rows=4)


def test_a_sample_asks_for_no_further_page(lab: Lab, service: Service) -> None:
    lab.sample = Sample(3)
    paging = {"kind": "page", "size_parameter": "per_page", "size": 2}
    result = read(lab, service, "page", records="data.items", pagination=paging)
    assert ids(lab, result) == [1, 2, 3]
    assert len(service.requests) == 2
    assert lab.sample.cut
