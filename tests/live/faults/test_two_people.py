"""Two people execute, cancel, retry and edit the same pipeline at once."""

from __future__ import annotations

import copy
import random
import threading
import time

import requests

from tests.live.client import Json, LiveStack
from tests.live.faults.record import fault
from tests.live.faults.soundness import Trial
from tests.live.nodes import filter_node

SECONDS = 15


class Person(threading.Thread):
    """Somebody with a token of their own connection, who does one thing after the other."""

    def __init__(self, trial: Trial, seed: int) -> None:
        super().__init__(daemon=True)
        self.trial, self.random = trial, random.Random(seed)
        self.session = requests.Session()
        self.session.headers.update(trial.live.session.headers)
        self.answers: list[requests.Response] = []
        self.error: Exception | None = None
        self.mark = f"person {seed}"

    def run(self) -> None:
        until = time.monotonic() + SECONDS
        try:
            while time.monotonic() < until:
                self.random.choice(
                    (self.execute, self.execute, self.cancel, self.edit, self.retry)
                )()
                time.sleep(self.random.uniform(0, 0.5))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails with it
            self.error = error

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        url = f"{self.trial.live.env['LOGIDATA_URL']}/api/v1/{path}"
        answer = self.session.request(method, url, json=body, timeout=60)
        self.answers.append(answer)
        return answer

    def execute(self) -> None:
        mark = f"{self.mark} {len(self.answers)}"
        seconds = self.random.choice((0, 2))
        body = {"params": {"mark": mark, "seconds": seconds}, "trigger_type": "manual"}
        answer = self.call("POST", f"pipelines/{self.trial.pipeline['id']}/execute", body)
        if answer.status_code == 202:
            self.trial.accepted[answer.json()["execution_id"]] = frozenset({"success", "cancelled"})

    def cancel(self) -> None:
        if self.trial.accepted:
            self.call("POST", f"executions/{self.one()}/cancel")

    def retry(self) -> None:
        if self.trial.accepted:
            self.call("POST", f"executions/{self.one()}/retry", {})

    def one(self) -> str:
        return self.random.choice(list(self.trial.accepted))

    def edit(self) -> None:
        """Save another configuration or another structure: with or without a further node."""
        config: Json = copy.deepcopy(self.trial.pipeline["config"])
        config["nodes"][0]["config"]["query"] += self.random.choice(("", " "))
        if self.random.random() < 0.5:
            config["nodes"].append(filter_node("number > 0", "keep"))
            config["edges"] = [
                {"source": "read", "target": "keep"},
                {"source": "keep", "target": "load"},
            ]
        self.call("PATCH", f"pipelines/{self.trial.pipeline['id']}", {"config": config})


@fault(
    "Two people executing, cancelling, retrying and editing one pipeline at once",
    "each request is carried out or refused with the reason; an execution runs the revision that "
    "it was started with, though that was replaced before it could begin",
)
def test_two_people_at_once_end_in_one_truth(live: LiveStack, trial: Trial):
    people = [Person(trial, seed) for seed in (1, 2)]
    with trial.fault():
        for person in people:
            person.start()
        for person in people:
            person.join(SECONDS + 60)
        # Two cores take their time for all that was asked of them.
        for execution_id in trial.accepted:
            live.wait(execution_id)
    assert [person.error for person in people] == [None, None]
    codes = {answer.status_code for person in people for answer in person.answers}
    assert codes <= {200, 202, 409}, codes
    assert len(trial.accepted) > 4
