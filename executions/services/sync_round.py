"""One look at Airflow: what it says of all active runs, in requests about many of them.

What changed is listed, the task instances of a few hundred runs come together, and only what is
told of one thing alone (a node's result, a run that seems to be gone) is asked for one by one, as
far as the budget goes, which the end of an execution takes from, too. A round makes at most

    1 + changed / 1000      the listing, of which Airflow must be allowed to give 1000 a page
    + active / 400          task instances
    + active / 200, or 20   single things
    + missing / 400         a second look for runs that seem to be gone, which are in no listing

requests: no more than 1 + active / 100 from about 3000 active executions on.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice, zip_longest
from typing import TypeVar

from django.db import DatabaseError

from airflow_bridge.client import AirflowClient, DagRun, TaskInstance
from airflow_bridge.errors import AirflowError, RunNotFound
from airflow_bridge.states import TERMINAL_TASK_STATES
from executions.models import PipelineExecution
from executions.services.adopting import adopt
from executions.services.budget import Budget
from executions.services.following import (
    Reading,
    apply_run,
    conclude,
    follow,
    read_run,
    was_cleared,
)
from executions.services.following_nodes import KnownNode, known_nodes, node_changes, write_nodes
from executions.services.triggering import confirm_triggered
from executions.statuses import ACTIVE_STATUSES
from executions.transitions import NOT_BEGUN, change_statuses, mark_deleted

logger = logging.getLogger(__name__)

_PORTION = 400
_PAGE = 1000
_FEWEST_SINGLE, _ACTIVE_A_SINGLE = 20, 200

Key = tuple[str, str]
Item = TypeVar("Item")


@dataclass
class SyncReport:
    """What a sync found. `postponed` executions wait for results that were not read yet."""

    changed_runs: int = 0
    followed: int = 0
    adopted: int = 0
    queued: int = 0
    failed: int = 0
    postponed: int = 0
    skipped: bool = False


class SyncRound:
    """The state of one round. `seen_until` is how far Airflow's changes are known after it."""

    def __init__(self, client: AirflowClient, report: SyncReport) -> None:
        self.seen_until: datetime | None = None
        self._client = client
        self._report = report
        # Read before Airflow is asked, so that a cancel which is sent in between is noticed.
        self._active = {_key(one): one for one in _active()}
        self._changed: dict[Key, DagRun] = {}
        self._others: dict[Key, PipelineExecution] = {}
        self._budget = Budget(max(_FEWEST_SINGLE, len(self._active) // _ACTIVE_A_SINGLE))
        self._postponed_since: datetime | None = None

    def run(self, since: datetime | None) -> None:
        """Follow the active executions and the runs that changed at `since` or later."""
        if since is not None:
            for runs in _batches(self._client.runs_updated_since(since), _PAGE):
                self._take_in(runs)
        for keys in _batches(chain(self._others, _from_both_ends(self._active)), _PORTION):
            self._follow(keys)
        if self._postponed_since is not None and self.seen_until is not None:
            # Listed again the next time, so that none of these runs has to be asked for alone.
            self.seen_until = min(self.seen_until, self._postponed_since)

    def _take_in(self, runs: Sequence[DagRun]) -> None:
        """Note which of the runs that changed are to be followed, adopting new ones."""
        self._report.changed_runs += len(runs)
        self.seen_until = max(
            (at for at in (self.seen_until, *(run.updated_at for run in runs)) if at), default=None
        )
        others = _executions_of(
            key for run in runs if (key := (run.dag_id, run.run_id)) not in self._active
        )
        for run in runs:
            key = (run.dag_id, run.run_id)
            with self._apart(key):
                execution = self._active.get(key) or others.get(key) or self._adopt(run)
                if execution is not None and not _has_nothing_new(execution, run):
                    # Its conf was needed for adopting only, and thousands of them are large.
                    self._changed[key] = replace(run, conf={})
                    if key not in self._active:
                        self._others[key] = execution

    def _adopt(self, run: DagRun) -> PipelineExecution | None:
        execution = adopt(run, self._client.clock_ahead())
        self._report.adopted += execution is not None
        return execution

    def _follow(self, keys: Sequence[Key]) -> None:
        """Ask for the task instances of these runs together, and write what is new together."""
        instances: dict[Key, list[TaskInstance]] = {}
        for instance in self._client.task_instances(keys):
            instances.setdefault((instance.dag_id, instance.run_id), []).append(instance)
        executions = {key: self._others.get(key) or self._active[key] for key in keys}
        missing = {
            key: executions.pop(key)
            for key in keys
            if key not in instances and key not in self._changed
        }
        if missing:
            self._look_for(missing)
        nodes = known_nodes(executions.values())
        readings = []
        try:
            for key, execution in executions.items():
                with self._apart(key):
                    self._report.followed += 1
                    found = instances.get(key, [])
                    reading = self._read(execution, found, nodes.get(execution.pk, []))
                    if reading is not None:
                        readings.append(reading)
        finally:
            # Also what was read before Airflow went away: results are asked for once.
            self._write(readings)

    def _read(
        self,
        execution: PipelineExecution,
        instances: list[TaskInstance],
        nodes: list[KnownNode],
    ) -> Reading | None:
        run = self._changed.get(_key(execution))
        if run is not None:
            if execution.triggered_at is None:
                confirm_triggered(execution, run)
                execution.refresh_from_db()
                if _has_nothing_new(execution, run):
                    return None
            return read_run(self._client, execution, run, instances, nodes, self._budget)
        # Nodes may move while their run does not; and the change of one that ended may have been
        # missed, which its nodes tell.
        if execution.cancel_sent_at is not None or _all_ended(instances):
            # The run first and then its nodes: those read already may be older.
            if self._budget.take(2) and not follow(self._client, execution, self._budget):
                self._report.postponed += 1
            return None
        changes, complete = node_changes(
            self._client, execution, instances, nodes=nodes, budget=self._budget
        )
        return Reading(execution, changes, complete)

    def _write(self, readings: Sequence[Reading]) -> None:
        going_on = []
        for reading in self._with_nodes_written(readings):
            with self._apart(_key(reading.execution)):
                change = conclude(reading, self._budget)
                if change is not None:
                    going_on.append(change)
                if not reading.complete:
                    self._postpone(reading.run)
        change_statuses(going_on)

    def _with_nodes_written(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Write what is new about nodes, together or, if that fails, one by one."""
        try:
            write_nodes([change for reading in readings for change in reading.changes])
        except DatabaseError:
            logger.warning("Sync: nodes could not be written together", exc_info=True)
        else:
            return readings
        written = []
        for reading in readings:
            with self._apart(_key(reading.execution)):
                write_nodes(reading.changes)
                written.append(reading)
        return written

    def _postpone(self, run: DagRun | None) -> None:
        self._report.postponed += 1
        if run is not None and run.updated_at is not None:
            self._postponed_since = min(self._postponed_since or run.updated_at, run.updated_at)

    def _look_for(self, missing: Mapping[Key, PipelineExecution]) -> None:
        """Mark the executions, of which no task instance was found, whose runs are gone.

        A listing leaves out what it may not show, and what moves between its pages. So they are
        looked for once more, and of each DAG one run is asked for by itself: if that is gone, so
        are the others. If not, each has to be asked for.
        """
        again = {(one.dag_id, one.run_id) for one in self._client.task_instances(list(missing))}
        of_dag: dict[str, list[PipelineExecution]] = {}
        for key, execution in missing.items():
            if key not in again:
                of_dag.setdefault(execution.airflow_dag_id, []).append(execution)
        gone = []
        for executions in of_dag.values():
            for number, execution in enumerate(executions):
                if not self._budget.take():
                    break
                if self._is_gone(execution):
                    gone.append(execution)
                    if number == 0:
                        gone += executions[1:]
                        break
        mark_deleted(gone)
        self._report.followed += len(gone)

    def _is_gone(self, execution: PipelineExecution) -> bool:
        key = _key(execution)
        try:
            run = self._client.get_run(*key)
        except RunNotFound:
            return True
        with self._apart(key):
            apply_run(self._client, execution, run, [])
        return False

    @contextmanager
    def _apart(self, key: Key) -> Iterator[None]:
        """Keep what goes wrong with one run from holding up the others; an outage concerns all."""
        try:
            yield
        except AirflowError:
            raise
        except Exception:
            self._report.failed += 1
            logger.exception("Sync: run %s of DAG %s could not be followed", key[1], key[0])


def _active() -> Iterable[PipelineExecution]:
    """Return the executions that Airflow is at work on, the oldest first."""
    return (
        PipelineExecution.objects.filter(status__in=ACTIVE_STATUSES)
        .exclude(NOT_BEGUN)
        # Needed at an execution's end only, and large.
        .defer("params", "replay_plan")
        .order_by("created_at", "id")
    )


def _executions_of(keys: Iterable[Key]) -> dict[Key, PipelineExecution]:
    wanted = set(keys)
    if not wanted:
        return {}
    found = PipelineExecution.objects.filter(
        airflow_dag_id__in={dag_id for dag_id, _ in wanted},
        airflow_dag_run_id__in={run_id for _, run_id in wanted},
    ).defer("params", "replay_plan")
    return {key: one for one in found if (key := _key(one)) in wanted}


def _has_nothing_new(execution: PipelineExecution, run: DagRun) -> bool:
    """Whether the run was seen to its end already; it was cleared since if it was queued anew."""
    if not execution.is_final:
        return False
    if execution.triggered_at is None:
        # Cancelled while its trigger was on the way: the run must not go on.
        return run.state in {"success", "failed"}
    return not was_cleared(execution, run)


def _all_ended(instances: Iterable[TaskInstance]) -> bool:
    return all(instance.state in TERMINAL_TASK_STATES for instance in instances)


def _from_both_ends(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items from the last and from the first on, in turns.

    So that the budget goes to who waits longest as well as to who has just begun.
    """
    ordered = list(items)
    middle = len(ordered) // 2
    pairs = zip_longest(reversed(ordered[middle:]), ordered[:middle])
    return (item for pair in pairs for item in pair if item is not None)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _key(execution: PipelineExecution) -> Key:
    return execution.airflow_dag_id, execution.airflow_dag_run_id
