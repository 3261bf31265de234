"""File modules on a real S3 server: read, written whole, and explained without secrets."""

from __future__ import annotations

import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from s3fs.core import S3File

from etl.context import Sample
from etl.errors import ConfigError, DataError, ETLError, NodeCancelled, TransientError
from etl.files import remote, sampling
from etl.liveness import request_stop
from etl.registry import get_module
from etl.runner import configured
from etl.storage import Storage
from tests.etl.conftest import Lab
from tests.etl.s3 import KEY, S3, SECRET, s3, s3_server

pytestmark = pytest.mark.slow

__all__ = ["s3", "s3_server"]

LAKE = {"connection": "lake"}
ROWS = [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]


def rows_for(module: str) -> list[dict[str, Any]] | None:
    return ROWS if module.startswith("load.") else None


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "excel"])
def test_what_is_written_is_read(lab: Lab, s3: S3, kind: str) -> None:
    config = {"path": s3.uri(f"deep/er/t.{kind}"), **LAKE}

    loaded = lab.run(f"load.{kind}", config, ROWS)
    result = lab.run(f"extract.{kind}", config, node_id="read")

    assert lab.records(result) == ROWS
    assert loaded["target"] == config["path"]
    assert s3.names() == [f"deep/er/t.{kind}"]
    assert not list(Path(lab.staging).rglob(".scratch"))


def test_many_objects_are_read_and_named(lab: Lab, s3: S3) -> None:
    s3.put("days/2.csv", b"a\n2\nx\n")
    s3.put("days/1.csv", b"a\n1\n")
    s3.put("days/deep/3.csv", b"a\n3\n")
    s3.put("other.csv", b"a\n9\n")
    config = {"path": s3.uri("days/*.csv"), "types": {"a": "INT"}, "max_rejected": 1, **LAKE}

    result = lab.run("extract.csv", {**config, "file_column": "file"})

    assert lab.records(result) == [
        {"a": 1, "file": s3.uri("days/1.csv")},
        {"a": 2, "file": s3.uri("days/2.csv")},
    ]
    assert result["rejected"]
    assert result["rejected"]["data"][0]["file"] == s3.uri("days/2.csv")


def test_json_documents_are_read(lab: Lab, s3: S3) -> None:
    s3.put("t.json", b'{"items": [{"a": 1}]}')

    result = lab.run("extract.json", {"path": s3.uri("t.json"), "records": "items", **LAKE})

    assert lab.records(result) == [{"a": 1}]


def test_large_objects_go_in_pieces(lab: Lab, s3: S3) -> None:
    query = "SELECT range AS id, md5(range::VARCHAR) AS text FROM range(1500000)"
    config = {"path": s3.uri("t.csv"), **LAKE}

    lab.run("load.csv", config, query)
    result = lab.run("extract.csv", config, node_id="read")

    assert result["shape"] == [1_500_000, 2]
    assert s3.client().head_object(Bucket=s3.bucket, Key="t.csv")["ETag"].endswith('-4"')


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("t.csv", b"a,b\n" + b"1,x\n" * 3_000_000),
        ("t.csv.gz", None),
        ("t.jsonl", b'{"a":1,"b":"x"}\n'),
        ("t.parquet", None),
    ],
)
def test_a_peek_reads_only_the_head(lab: Lab, s3: S3, key: str, content: bytes | None) -> None:
    if key == "t.parquet":
        sink = io.BytesIO()
        pq.write_table(pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]}), sink)
        content = sink.getvalue()
    if key == "t.csv.gz":
        import gzip

        content = gzip.compress(b"a,b\n" + b"1,x\n" * 3_000_000)
    s3.put(key, content or b"")
    module: Any = configured(
        get_module(f"extract.{key.split('.')[1]}"), {"path": s3.uri(key), **LAKE}
    )

    columns = module.peek(lab.context())

    assert [(column.name, column.type) for column in columns] == [("a", "BIGINT"), ("b", "VARCHAR")]


def test_a_folder_in_storage_is_replaced_whole_or_by_partition(lab: Lab, s3: S3) -> None:
    s3.put("other/t.parquet", b"")
    config = {"path": s3.uri("lake"), "partition_by": ["day"], **LAKE}

    def stored() -> dict[str, list[int]]:
        return {
            key.split("/")[1]: pq.read_table(io.BytesIO(s3.get(key)))["id"].to_pylist()
            for key in s3.names()
            if key.startswith("lake/")
        }

    lab.run("load.parquet", config, "SELECT unnest([1, 2]) AS id, unnest(['a', 'b']) AS day")
    assert stored() == {"day=a": [1], "day=b": [2]}
    lab.run(
        "load.parquet",
        {**config, "replace": "partitions"},
        "SELECT unnest([3, 4]) AS id, unnest(['b', 'c']) AS day",
        node_id="second",
    )
    assert stored() == {"day=a": [1], "day=b": [3], "day=c": [4]}
    wider = "SELECT 6 AS id, 'c' AS day, 1 AS more"
    parted = {**config, "replace": "partitions"}
    with pytest.raises(
        DataError, match=r"folder s3://.*/lake has no column 'more'; it has id, day"
    ):
        lab.run("load.parquet", parted, wider, node_id="third")
    with pytest.raises(DataError, match="has column 'id' as INTEGER in day=a"):
        lab.run("load.parquet", parted, "SELECT 6.5 AS id, 'c' AS day", node_id="third")
    added = {**parted, "on_drift": "add_columns"}
    assert "(added column 'more')" in str(lab.run("load.parquet", added, wider)["target"])
    assert stored() == {"day=a": [1], "day=b": [3], "day=c": [6]}
    for attempt in (1, 2):
        lab.run("load.parquet", config, "SELECT 5 AS id, 'c' AS day", attempt=attempt)
    assert stored() == {"day=c": [5]}
    assert "other/t.parquet" in s3.names()


def test_a_load_that_was_cancelled_leaves_the_old_object(
    lab: Lab, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("t.csv", b"old")
    rows = lab.stage(ROWS)
    config = {"path": s3.uri("t.csv"), **LAKE}
    module: Any = get_module("load.csv")
    execute = module.execute

    def cancelled(self: Any, inputs: Any, context: Any) -> Any:
        request_stop(lab.staging, lab.execution_id, None)
        return execute(self, inputs, context)

    monkeypatch.setattr(module, "execute", cancelled)
    with pytest.raises(NodeCancelled):
        lab.run("load.csv", config, inputs={"input": rows})

    assert s3.get("t.csv") == b"old"


def test_a_missing_object_or_bucket_is_named(lab: Lab, s3: S3) -> None:
    for uri in (s3.uri("no.csv"), "s3://no-such-bucket/t.csv"):
        with pytest.raises(DataError, match="does not exist") as caught:
            lab.run("extract.csv", {"path": uri, **LAKE})
        assert uri in str(caught.value)
    with pytest.raises(DataError, match="no file fits"):
        lab.run("extract.csv", {"path": s3.uri("*.csv"), **LAKE})
    with pytest.raises(DataError, match="does not exist"):
        lab.run("load.csv", {"path": "s3://no-such-bucket/t.csv", **LAKE}, ROWS)


@pytest.mark.parametrize("module", ["extract.csv", "load.csv"])
def test_a_wrong_login_is_terminal_and_not_repeated(lab: Lab, s3: S3, module: str) -> None:
    s3.put("t.csv", b"a\n1\n")
    # From now on the server checks who asks; it knows no user at all.
    requests.post(f"{s3.endpoint}/moto-api/reset-auth", data=b"0", timeout=5)
    try:
        with pytest.raises(ConfigError) as caught:
            lab.run(module, {"path": s3.uri("t.csv"), **LAKE}, rows_for(module))
    finally:
        requests.post(f"{s3.endpoint}/moto-api/reset-auth", data=b"inf", timeout=5)

    message = str(caught.value)
    assert "refuses connection 'lake'" in message
    assert "under Connections" in message
    assert SECRET not in message
    assert KEY not in message


@pytest.mark.parametrize("module", ["extract.csv", "load.csv"])
def test_a_server_that_is_down_is_worth_a_retry(
    lab: Lab, s3: S3, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    down = {"extra": {"endpoint_url": "http://127.0.0.1:1"}}
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", s3.connection(**down))

    with pytest.raises(TransientError, match="cannot be reached") as caught:
        lab.run(module, {"path": s3.uri("t.csv"), **LAKE}, rows_for(module))

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scheme", ["gs", "abfs", "sftp"])
def test_a_scheme_whose_package_is_missing_names_it(
    lab: Lab, s3: S3, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    package = remote._PACKAGES[scheme][1]

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(remote, "import_module", missing)
    with pytest.raises(ConfigError, match=f"need the package {package}, which is not installed"):
        lab.run(
            "extract.csv",
            {"path": f"{scheme}:///t.csv" if scheme == "sftp" else f"{scheme}://b/t.csv", **LAKE},
        )


def test_the_password_goes_to_the_host_of_the_connection_only(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", f"sftp://me:{SECRET}@files.example.org")

    with pytest.raises(ConfigError, match="is for another host"):
        lab.run("extract.csv", {"path": "sftp://elsewhere.example.org/t.csv", **LAKE})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"path": "file:///etc/passwd", **LAKE}, "of no kind that can be reached"),
        ({"path": "http://example.org/t.csv", **LAKE}, "of no kind that can be reached"),
        ({"path": "s3://bucket", **LAKE}, "no bucket and file"),
        ({"path": "s3://*/t.csv", **LAKE}, "no bucket and file|one of"),
        ({"path": "s3://b/../t.csv", **LAKE}, r"holds \.\."),
        ({"path": f"s3://me:{SECRET}@b/t.csv", **LAKE}, "holds a login"),
        ({"path": "s3://b/t.csv"}, "A URI needs a connection"),
        ({"path": "t.csv", **LAKE}, "A connection is for URIs"),
    ],
)
@pytest.mark.parametrize("module", ["extract.csv", "load.parquet"])
def test_other_addresses_are_refused(
    lab: Lab, module: str, config: dict[str, str], said: str
) -> None:
    with pytest.raises(ETLError, match=said) as caught:
        lab.run(module, config, rows_for(module))

    assert isinstance(caught.value, ConfigError)
    assert SECRET not in str(caught.value)


def test_user_sql_cannot_reach_the_storage(lab: Lab, s3: S3) -> None:
    s3.put("t.csv", b"a\n1\n")

    with pytest.raises((ConfigError, duckdb.Error)):
        lab.run("transform.sql", {"query": f"SELECT * FROM '{s3.uri('t.csv')}'"}, ROWS)


def test_of_many_who_create_an_object_one_does(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    storage = Storage(s3.uri("state"))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: storage.create(str(n).encode(), "p", "1.json"), range(12)))
    assert made.count(True) == 1
    assert storage.read("p", "1.json") == str(made.index(True)).encode()
    assert storage.files("p") == ["1.json"]
    assert storage.files("nowhere") == []


def test_a_sample_fetches_the_first_rows_only(
    lab: Lab, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "HEAD_BYTES", 10_000)
    many = pa.table({"n": range(300_000), "text": [f"{n:0100}" for n in range(300_000)]})
    buffer = io.BytesIO()
    pq.write_table(many, buffer, compression="none", row_group_size=300_000)
    s3.put("t.parquet", buffer.getvalue())
    s3.put("t.csv", b"n\n" + b"".join(b"%d\n" % n for n in range(300_000)))
    s3.put("t.csv.gz", gzip.compress(s3.get("t.csv")))
    fetched: list[int] = []
    fetch = S3File._fetch_range

    def counted(self: S3File, start: int, end: int) -> bytes:
        fetched.append(end - start)
        return fetch(self, start, end)

    monkeypatch.setattr(S3File, "_fetch_range", counted)
    for name in ("t.parquet", "t.csv", "t.csv.gz"):
        lab.sample = Sample(5)
        module = f"extract.{name.split('.')[1]}"
        result = lab.run(module, {"path": s3.uri(name), **LAKE}, node_id=name.replace(".", "_"))
        assert [row["n"] for row in lab.records(result)] == [0, 1, 2, 3, 4]
        assert lab.sample.cut
    assert 0 < sum(fetched) < len(buffer.getvalue()) / 2
