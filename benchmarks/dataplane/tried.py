"""What was tried to make the data plane faster, and what came of it: the end of the page.

The figures are medians of their own day on two shared cores; they are not measured again.
"""

TRIED = """
## What was tried

With 5 million rows of CSV (364 MB), of which 1.1 million are loaded, on two cores that others used
too; CPU where the clock was not to be trusted. Not measured again by `make bench`.

| what | figures | kept |
| --- | --- | --- |
| **Load**: COPY of CSV, every value quoted; only the needed ones; text format | server 1.15 s; 1.12 s; 1.07 s. Writing the file before: 0.68 s; 0.54 s; 0.53 s | CSV where binary cannot be |
| COPY in binary, encoded by pgpq from Arrow | server 0.61 s, encoding 0.30 s, both at once 1.0 s; importing Arrow 0.14 s. The node 2.35 s before, 1.2 s after | yes, from 200,000 rows on and where the types agree |
| COPY in binary, rows put together in DuckDB's SQL (`BIT` to `BLOB`) | 0.74 s to compute, 1.5 s through Arrow, 2.7 s with `FORMAT blob` | no |
| CSV through a named pipe instead of a file, DuckDB writing while the server reads | 1.3 to 2.0 s against 1.7 s one after the other: both are short of cores | no |
| psycopg's writer with a thread of its own (`QueuedLibpqWriter`) | 0.71 to 1.05 s against 0.96 to 1.08 s, within the noise | no |
| pieces of 64 kB, 256 kB, 1 MB for each write of a COPY | 1.13 s, 1.18 s, 1.12 s | 1 MB |
| batches of 2,048, 10,240, 20,480, 122,880 rows in binary | 1.29 s, 1.14 s, 1.10 s, 1.04 s | 4,096: wide rows must not fill the memory |
| DuckDB's PostgreSQL extension (1.5.5) | 0.82 to 1.05 s for the rows alone, against 0.95 to 1.06 s in binary by ourselves | no: it writes on a connection of its own, and a load is one transaction with its ledger |
| COPY in binary on two connections, half of the rows each | 0.77 to 0.95 s | no: two transactions, and no faster where the cores are two |
| ADBC | 1.4 s | no |
| COPY FREEZE | not measured: it spares the log with `wal_level = minimal` only | no |
| **Staging**, CSV to Parquet and the filter after it: snappy | 3.55 + 0.75 s of CPU, 160 MB | |
| uncompressed | 3.22 + 0.63 s, 271 MB | no |
| lz4 | 3.56 + 0.70 s, 154 MB | no |
| zstd | 4.7 + 1.0 s, 97 MB | no |
| snappy, encodings of version 2 | 3.21 + 0.67 s, 107 MB | yes |
| uncompressed, encodings of version 2 | 3.31 + 0.67 s, 142 MB | no |
| row groups of 30,720; 61,440; 245,760 rows instead of 122,880 | 4.1 + 1.0 s; 3.9 + 1.0 s; 4.0 + 0.8 s | no |
| no dictionaries | 3.5 + 1.05 s, 201 MB | no |
| no bloom filters; limits for the pages of a dictionary | no difference beyond the noise | no |
| reading CSV with buffers of 32 MB instead of 8 MB | no less CPU (2.0 s), twice the memory for it | no |
| looking for quotes in blocks of 64 kB to 4 MB | 0.06 to 0.07 s, all alike | 4 MB |
| **Start** of a node: without the import of Jinja and graphs | 0.29 s, then 0.25 s, for the aggregate that is 0.15 s by hand | yes |
| without Python's garbage collector; without a look for plug-ins of pydantic | no difference | no |
| what is left beside DuckDB: pydantic, which describes every config | 0.06 s; an Airflow task has it already | |
| DuckDB's settings and the queries around a node (sample, counts) | 14 x 0.2 ms; 8 ms | as they are |
| **Memory** at 512 MB, filling a column over all rows: DuckDB with all of it; 400 MB; 300 MB | 796 MB; 567 MB; 439 MB, and 6.8 s; 10 s; 10 s in one round, no difference in later ones | seven tenths |
| one thread | 685 MB, 6.9 s | no |
| without the order of the rows | 859 MB, 8.2 s | no |

A relation is not handed on without staging it, not even to its only reader: nodes are processes,
on several machines perhaps, and each answers for its own rows, sample, failure and retry. A node
that has not computed its rows can answer for none of them.
"""  # noqa: E501 a Markdown table has no line breaks
