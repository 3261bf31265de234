"""Calls to one version of Airflow's REST API: the login, pages, and what a refusal means."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from requests.auth import AuthBase

from airflow_bridge.errors import AirflowError, AirflowRefused
from airflow_bridge.rest import JSON, Method, Reply, RestSession
from etl.messages import say

Answer = TypeVar("Answer")

PAGE = 1000
"""How many things are asked for in one call. Airflow gives 100 where it was not told otherwise."""


class RestCalls(ABC):
    """What the clients of all versions build their calls from."""

    root: ClassVar[str]
    """The API's path, such as `/api/v2`."""

    def __init__(self, session: RestSession) -> None:
        self.session = session

    @abstractmethod
    def auth(self) -> AuthBase:
        """Return the login to send; raise AirflowRefused where Airflow does not accept it."""

    def renew_auth(self) -> bool:
        """Forget a login that Airflow no longer accepts; return whether a new one may help."""
        return False

    def _call(
        self,
        method: Method,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> Any:
        """Return Airflow's JSON answer; raise Reply for 4xx, AirflowRefused for a bad login."""
        return self._logged_in(
            partial(self.session.call, method, self.root + path, query=query, body=body, once=once)
        )

    def _lines(self, path: str) -> Iterator[str]:
        """Yield the lines of an answer while it comes; none where Airflow has nothing there."""
        try:
            yield from self._logged_in(partial(self.session.lines, self.root + path))
        except Reply as reply:
            if reply.status != HTTPStatus.NOT_FOUND:
                raise self._refused(reply) from reply

    def _logged_in(self, send: Callable[..., Answer]) -> Answer:
        """Return what `send` returns, called with the login and, if that is over, a new one."""
        try:
            return send(auth=self.auth())
        except Reply as reply:
            if not _is_about_login(reply):
                raise
            if not self.renew_auth():
                raise self._refused(reply) from reply
        try:
            return send(auth=self.auth())
        except Reply as reply:
            if _is_about_login(reply):
                raise self._refused(reply) from reply
            raise

    def _found(self, method: Method, path: str, query: Mapping[str, Any]) -> Any | None:
        """Return the answer, or None where Airflow has nothing there."""
        try:
            return self._call(method, path, query=query)
        except Reply as reply:
            if reply.status == HTTPStatus.NOT_FOUND:
                return None
            raise self._refused(reply) from reply

    def _pages(self, path: str, key: str, query: Mapping[str, Any] | None = None) -> Iterator[JSON]:
        """Yield all of a listing, called `key` in the answers."""
        offset = 0
        while True:
            page = {**(query or {}), "limit": PAGE, "offset": offset}
            try:
                answer = self._call("GET", path, query=page)
            except Reply as reply:
                raise self._refused(reply) from reply
            items: list[JSON] = answer[key]
            yield from items
            offset += len(items)
            # Airflow may give fewer a page than were asked for.
            if not items or offset >= answer["total_entries"]:
                return

    def _or_refused(self, reply: Reply, missing: AirflowError) -> AirflowError:
        return missing if reply.status == HTTPStatus.NOT_FOUND else self._refused(reply)

    def _refused(self, reply: Reply) -> AirflowRefused:
        if _is_about_login(reply):
            return AirflowRefused(
                say(
                    "Airflow at {url} does not allow this: {detail}. Check AIRFLOW_USERNAME, "
                    "AIRFLOW_PASSWORD and the roles of that user.",
                    url=self.session.server.url,
                    detail=reply.detail,
                ),
                status=reply.status,
            )
        return AirflowRefused(
            say("{reply}. See Airflow's own log for more.", reply=reply), status=reply.status
        )


def _is_about_login(reply: Reply) -> bool:
    return reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
