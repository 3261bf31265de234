"""Sending the rows of an input to a service, none again that it has confirmed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from etl.accounting import check_inputs
from etl.context import RunContext
from etl.errors import DataError
from etl.faulty_rows import FaultyRows
from etl.http.bodies import CONTENT_TYPES, Batch, Format, batches, filled
from etl.http.client import Client
from etl.http.progress import Progress, Refusal
from etl.http.settings import Scalar
from etl.inputs import Inputs
from etl.messages import say

# What says that the row is at fault, not the request: malformed, in conflict, against a rule.
_ROW_AT_FAULT = {400, 409, 422}


@dataclass
class Delivery:
    """One try to send an input. `allowed` is how many rows may be refused."""

    client: Client
    context: RunContext
    inputs: Inputs
    method: str
    form: Format
    rows: int
    path_columns: Sequence[str]
    query: dict[str, Scalar]
    allowed: int
    confirmed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.faulty = FaultyRows(self.inputs.scratch_file("refused.jsonl"))
        self._progress = Progress(self.context)
        address = f"{self.method} {self.client.address} {sorted(self.query.items())}"
        self._digest = hashlib.sha256(address.encode())

    def run(self) -> None:
        """Send every batch that was not confirmed before; stop at a row too many that is refused.

        Raise what keeps the service from taking them.
        """
        check_inputs({"input": self.inputs["input"]}, self.inputs)
        before = self._progress.refusals()
        sent_before = self._progress.batches
        if sent_before:
            self.context.logger.warning(
                "%d batches were sent by an earlier try already, and are not sent again",
                sent_before,
            )
        last = 0
        for batch in batches(
            self.inputs, rows=self.rows, form=self.form, path_columns=self.path_columns
        ):
            last = batch.number + 1
            batch.add_to(self._digest)
            if batch.number < sent_before:
                self._account(batch, before.get(batch.number))
                if last == sent_before:
                    self._check_same()
                continue
            self.context.check_stop()
            refusal = self._send(batch)
            self._account(batch, refusal)
            if self.faulty.count > self.allowed:
                # Not noted: it is tried again once the limit is raised, or the service corrected.
                return
            self._progress.note(last, self._digest.hexdigest(), refusal)
        if last < sent_before:
            self._check_same()

    def _check_same(self) -> None:
        if self._digest.hexdigest() != self._progress.digest:
            raise DataError(
                say(
                    "its input, or where it goes, is no longer what an earlier try of this "
                    "execution sent {batches} batches of. Execute the pipeline anew, after a "
                    "look at what the service has.",
                    batches=self._progress.batches,
                )
            )

    def _account(self, batch: Batch, refusal: Refusal | None) -> None:
        if refusal is None:
            self.confirmed += len(batch.rows)
            return
        for row in batch.rows:
            self.faulty.add(refusal.reason, field=refusal.field, record=row.record)

    def _send(self, batch: Batch) -> Refusal | None:
        url = self.client.address
        if self.path_columns:
            there = filled(url, self.path_columns, batch.rows[0].path_values)
            if there is None:
                column = _unfit(self.path_columns, batch.rows[0].path_values)
                return Refusal(
                    batch.number,
                    say("its {column} cannot be a part of the path", column=column),
                    column,
                )
            url = there
        # The same in every try, so that the service can tell a repeat from another batch.
        key = f"{'-'.join(self.context.load_key(self.context.node_id))}-{batch.number}"
        answer = self.client.send(
            self.method,
            url,
            query=self.query,
            body=batch.body,
            headers={"Content-Type": CONTENT_TYPES[self.form], "Idempotency-Key": key},
        )
        if 200 <= answer.status < 300:
            return None
        if answer.status not in _ROW_AT_FAULT:
            raise self.client.refusal(answer)
        said = self.client.excerpt(answer.body)
        reason = say(
            "refused with status {status}{said}",
            status=answer.status,
            said=say(": {excerpt}", excerpt=said) if said else "",
        )
        if self.form == "row":
            return Refusal(batch.number, reason)
        first = batch.number * self.rows + 1
        raise DataError(
            say(
                "{url} {reason}. It was batch {number} with the rows {first} to "
                "{last}; those before it are sent and stay. Correct the data, or send "
                "each row by itself (body row), so that faulty ones can be set aside.",
                url=answer.url,
                reason=reason,
                number=batch.number,
                first=first,
                last=first + len(batch.rows) - 1,
            )
        )


def _unfit(columns: Sequence[str], values: Sequence[str | None]) -> str:
    return next(
        column
        for column, value in zip(columns, values, strict=True)
        if value in (None, "", ".", "..")
    )
