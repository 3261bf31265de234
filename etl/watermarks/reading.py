"""The extractor's side: which rows are new, and which window they make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from etl.context import Bounds, RunContext
from etl.dataset import Column, Dataset
from etl.errors import ConfigError, DataError
from etl.inputs import Inputs
from etl.messages import say
from etl.sql import literal, quote
from etl.watermarks.config import Watermark
from etl.watermarks.fingerprints import counted_sql, unseen_sql
from etl.watermarks.kinds import behind, check_order, check_start, is_time, type_in
from etl.watermarks.store import Position, PositionStore, Window, new_window_id

if TYPE_CHECKING:
    import duckdb

_FUTURE = timedelta(days=1)


@dataclass
class Reading:
    """One try of an extractor to read what is new.

    Without a `store` it begins at the watermark's initial value, and nothing is kept. With a
    window to `repeat`, it reads that one again, which an execution before has not finished.
    """

    watermark: Watermark
    loaders: tuple[str, ...]
    context: RunContext
    store: PositionStore | None
    position: Position
    repeat: Window | None
    _type: str = ""

    @classmethod
    def begin(cls, watermark: Watermark, loaders: Sequence[str], context: RunContext) -> "Reading":
        """Look up where to begin; raise ConfigError if the position is of another column."""
        if context.pipeline is None:
            return cls(watermark, tuple(loaders), context, None, Position(0, None), None)
        store = PositionStore(context.state, context.pipeline, context.node_id)
        position = store.current()
        repeat = store.claimed(position.number)
        column: str | None = position.column
        value = say("its position '{value}'", value=position.value)
        if repeat is not None and not column:
            column, value = (
                repeat.column,
                say("the end '{upto}' of what is not loaded yet", upto=repeat.upto),
            )
        if column and column.casefold() != watermark.column.casefold():
            raise ConfigError(
                say(
                    "its watermark is on column '{column}' now, but {value} is one of "
                    "'{other}'. Set the watermark to a value of '{column}' from which to "
                    "go on, or to the beginning.",
                    column=watermark.column,
                    value=value,
                    other=column,
                ),
                field="watermark.column",
            )
        return cls(watermark, tuple(loaders), context, store, position, repeat)

    @property
    def start(self) -> str | None:
        """The value that was reached before, or the initial one; None is the very beginning."""
        if self.position.value is not None:
            return self.position.value
        if self.repeat is not None:
            return self.repeat.start
        # Set to the beginning by hand means that: the initial value is for the first execution.
        initial = None if self.position.number else self.watermark.initial
        return None if initial is None else str(initial)

    def bounds(self) -> Bounds:
        """Return what an extractor may spare itself to read."""
        low = self.start
        # A position of which no type is known was set by hand, and no lag reaches below it.
        if self.watermark.lag and self.position.type and low is not None:
            low = self._lagged(low, self.position.type)
        return Bounds(self.watermark.column, low, self.repeat.upto if self.repeat else None)

    def _lagged(self, start: str, kind: str) -> str | None:
        import duckdb

        try:
            with duckdb.connect(":memory:") as database:
                # As in the engine, or a day could be an hour shorter than there.
                database.execute("SET TimeZone = 'UTC'")
                row = database.sql(f"SELECT CAST({self._low(start, kind)} AS VARCHAR)").fetchone()
        except duckdb.Error:
            return None
        return str(row[0]) if row else None

    @property
    def floor(self) -> str | None:
        """The value below which nothing is read, however long the lag; None if there is none."""
        return self.position.floor if self.position.value is not None else self.start

    def _low(self, start: str, kind: str) -> str:
        """Return the SQL of the least value that is read."""
        least = behind(self.watermark, start, kind)
        if self.floor is None:
            return least
        return f"greatest({least}, CAST({literal(self.floor)} AS {kind}))"

    def nothing(self, inputs: Inputs) -> "duckdb.DuckDBPyRelation | None":
        """Return no rows, in the columns that were read last; None if none ever were."""
        columns = (self.repeat or self.position).columns
        items = [f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in columns.items()]
        return inputs.query(f"SELECT {', '.join(items)} WHERE false") if items else None

    def only_new(
        self, relation: "duckdb.DuckDBPyRelation", inputs: Inputs
    ) -> "duckdb.DuckDBPyRelation":
        """Return the rows of the source that were not read before, and those without a value."""
        self._type = type_in(relation, self.watermark)
        before = self.position if self.position.window is not None else self.repeat
        if before is not None:
            check_order(self.watermark, before.type, self._type)
        name, start = quote(self.watermark.column), self.start
        conditions = []
        if start is not None:
            initial = self.position.value is None
            check_start(self.watermark, start, self._type, inputs, initial=initial)
            conditions.append(f"{name} >= {self._low(start, self._type)}")
        if self.repeat is not None:
            conditions.append(f"{name} <= {self._value(self.repeat.upto)}")
        if not conditions:
            return relation
        new = relation.filter(f"({' AND '.join(conditions)}) OR {name} IS NULL")
        return self._without_seen(new, inputs)

    def _without_seen(
        self, new: "duckdb.DuckDBPyRelation", inputs: Inputs
    ) -> "duckdb.DuckDBPyRelation":
        """Leave out rows at and behind the position that were read, each as often as it was."""
        if self.store is None:
            return new
        folder = inputs.scratch_folder()
        before = self.store.seen(self.position.window, folder / "seen.parquet")
        again = self.store.seen(self.repeat.id if self.repeat else None, folder / "again.parquet")
        if before is None and again is None:
            return new
        name = quote(self.watermark.column)
        reached = f"{name} <= {self._value(self.position.value)}"
        end = behind(self.watermark, self.repeat.upto, self._type) if self.repeat else ""
        columns = [Column(n, str(t)) for n, t in zip(new.columns, new.types, strict=True)]
        return new.query(
            "logidata_new",
            unseen_sql(
                "logidata_new",
                columns,
                (reached, before) if before else None,
                (f"{name} >= {end}", again) if again else None,
            ),
        )

    def close(self, part: Path, dataset: Dataset, inputs: Inputs) -> Window | None:
        """Return the window of what was staged in `part`; None if nothing is new.

        Raise DataError for rows without a value, of which nobody could say whether they are new.
        """
        name, rows = quote(self.watermark.column), f"read_parquet([{literal(str(part))}])"
        ends = self._type not in ("FLOAT", "DOUBLE") and not is_time(self._type)
        finite = "AND false" if ends else f"AND NOT isfinite({name})"
        # Rows that came late do not set it back.
        end = f"greatest(max({name}), {self._value(self.start)})" if self.start else f"max({name})"
        found = inputs.query(
            f"SELECT CASE WHEN count(*) > 0 THEN CAST({end} AS VARCHAR) END,"  # noqa: S608
            f" count(*) FILTER ({name} IS NULL), count(*) FILTER (true {finite}) FROM {rows}"
        ).fetchone()
        upto, missing, endless = found or (None, 0, 0)
        if missing or endless:
            raise DataError(
                say(
                    "{missing} of its {rows} rows have no {wanted} in the column '{column}' "
                    "of its watermark, so nobody could tell whether they are new. Give them "
                    "one, or leave them out in the source.",
                    missing=missing or endless,
                    rows=dataset.rows,
                    wanted=say("value") if missing else say("finite value"),
                    column=self.watermark.column,
                ),
                field="watermark.column",
            )
        if self.repeat is not None or upto is None or self.store is None:
            # The graph may have lost or won loaders since, and these are who load it now.
            return replace(self.repeat, loaders=self.loaders) if self.repeat else None
        window = Window(
            id=new_window_id(),
            node=self.context.node_id,
            base=self.position.number,
            column=self.watermark.column,
            type=self._type,
            start=self.start,
            upto=upto,
            loaders=self.loaders,
            execution=self.context.execution_id,
            floor=self.floor,
            columns={column.name: column.type for column in dataset.columns},
        )
        self._keep_seen(window, rows, dataset, inputs)
        return window

    def _keep_seen(self, window: Window, rows: str, dataset: Dataset, inputs: Inputs) -> None:
        """Keep the fingerprints of the rows that the next execution may find again."""
        assert self.store is not None
        folder = inputs.scratch_folder()
        target = folder / "kept.parquet"
        select = counted_sql(
            rows,
            dataset.columns,
            self.watermark.column,
            behind(self.watermark, window.upto, self._type),
            # What `only_new` fetched is still there: rows of earlier windows may be near the end.
            folder / "seen.parquet",
        )
        inputs.database().execute(f"COPY ({select}) TO {literal(str(target))} (FORMAT parquet)")
        self.store.keep_seen(window.id, target)

    def notices(self, window: Window | None) -> list[str]:
        """Return what people should know of where the reading began and ended."""
        found: list[str] = []
        if self.repeat is not None:
            found.append(
                say(
                    "The execution {execution} has not finished the rows up to {column} "
                    "{upto}: these are read again, and no newer ones. Execute once more for "
                    "those.",
                    execution=self.repeat.execution,
                    column=self.watermark.column,
                    upto=self.repeat.upto,
                )
            )
        if window is not None and is_time(window.type) and _lies_ahead(window.upto):
            found.append(
                say(
                    "The watermark goes to {upto}, which lies in the future: rows before it "
                    "will not be read any more. Correct the source, and set the watermark "
                    "back.",
                    upto=window.upto,
                )
            )
        return found

    def _value(self, value: str | None) -> str:
        return f"CAST({literal(str(value))} AS {self._type})"


def _lies_ahead(value: str) -> bool:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        # DuckDB writes years that Python has not: those of the far future, or of long ago.
        return not value.endswith("(BC)")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment > datetime.now(UTC) + _FUTURE
