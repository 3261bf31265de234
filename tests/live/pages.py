"""Pages of executions, as a browser keeps them: what comes over their sockets, and when."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from stack.programs import ADMIN_USER
from tests.live.client import Json, LiveStack, eventually

RANKS = ["pending", "running", "success"]


@dataclass
class Page:
    """An open page: every message with the time at which it came."""

    socket: ClientConnection
    messages: list[tuple[float, Json]] = field(default_factory=list)

    def listen(self) -> None:
        try:
            for text in self.socket:
                self.messages.append((time.time(), json.loads(text)))
        except ConnectionClosed:
            return

    @property
    def states(self) -> list[Json]:
        return [message["state"] for _, message in self.messages if message["type"] == "state"]

    @property
    def changed(self) -> set[str]:
        """The executions that a list heard of."""
        return {one for _, message in self.messages for one in message.get("executions", ())}

    def until(self, status: str, seconds: float = 60) -> list[Json]:
        """Return the states once the execution has that status."""
        eventually(lambda: self.states and self.states[-1]["status"] == status, seconds)
        return self.states

    def came_at(self, status: str) -> float:
        """Return when the page was first told of that status."""
        return next(
            at
            for at, message in self.messages
            if message["type"] == "state" and message["state"]["status"] == status
        )


def sign_in(live: LiveStack) -> str:
    """Return the key of a session of the administrator's."""
    address = f"{live.env['LOGIDATA_URL']}/admin/login/"
    session = requests.Session()
    form = session.get(address, timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    fields = {
        "username": ADMIN_USER,
        "password": live.stack.secrets.admin_password,
        "csrfmiddlewaretoken": token[1],
    }
    session.post(address, data=fields, headers={"Referer": address}, timeout=30)
    return str(session.cookies["sessionid"])


@contextmanager
def opened(live: LiveStack, session: str, path: str) -> Iterator[Page]:
    """Keep a page open for as long as the block lasts."""
    origin = live.env["LOGIDATA_URL"]
    headers = {"Cookie": f"sessionid={session}"}
    url = f"{origin.replace('http', 'ws', 1)}{path}"
    with connect(url, origin=origin, additional_headers=headers, proxy=None) as socket:  # type: ignore[arg-type]
        page = Page(socket)
        thread = threading.Thread(target=page.listen)
        thread.start()
        yield page
        socket.close()
        thread.join()


def require_in_order(states: list[Json]) -> None:
    """Fail unless neither the execution nor any of its nodes ever went back."""
    for shown in [states, *(nodes_of(states, task["node_id"]) for task in states[0]["tasks"])]:
        ranks = [RANKS.index(one["status"]) for one in shown]
        assert ranks == sorted(ranks), [one["status"] for one in shown]


def nodes_of(states: list[Json], node_id: str) -> list[dict[str, Any]]:
    return [task for state in states for task in state["tasks"] if task["node_id"] == node_id]
