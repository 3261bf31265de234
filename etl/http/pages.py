"""Asking for one page of records after the other."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from etl.errors import ConfigError, DataError
from etl.http import json_path
from etl.http.addresses import origin, resolved
from etl.http.answers import Answer
from etl.http.client import Client
from etl.http.json_path import MISSING
from etl.http.paging import Pagination
from etl.http.settings import Scalar
from etl.messages import say

_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Page:
    """The records of one page, as Python values. `url` is where from, without secrets."""

    url: str
    records: list[Any]


@dataclass(frozen=True)
class Call:
    """One request for a page. A page that is named by its URL takes no `query` of the config."""

    url: str
    query: Mapping[str, Scalar] = field(default_factory=dict)
    body: Mapping[str, Any] | list[Any] | None = None


@dataclass(frozen=True)
class Pages:
    """A list of records that a service gives in pages."""

    client: Client
    method: str
    first: Call
    pagination: Pagination
    records: str
    max_pages: int

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages; raise what the service refuses, or what makes its pages endless."""
        call: Call | None = self._first()
        asked: set[bytes] = set()
        before = b""
        count = total = 0
        while call is not None:
            self._check_way(call, asked, count)
            answer = self._ask(call)
            content = self._content(answer)
            records = self._records(content, answer)
            count, total = count + 1, total + len(records)
            digest = hashlib.sha256(answer.body).digest()
            if records and digest == before and self.pagination.kind in ("page", "offset"):
                raise DataError(
                    say(
                        "{url} gave the same page as the one before it: the service seems to "
                        "ignore '{name}'. Correct pagination.",
                        url=answer.url,
                        name=self.pagination.name,
                    ),
                    field="config.pagination",
                )
            before = digest
            yield Page(answer.url, records)
            call = self._next(call, answer, content, len(records), count, total)

    def _check_way(self, call: Call, asked: set[bytes], count: int) -> None:
        """Raise DataError if the pages would never end, or are too many."""
        mark = hashlib.sha256(repr(call).encode()).digest()
        if mark in asked:
            raise DataError(
                say(
                    "{who} leads back to a page that was read already, so its pages would "
                    "never end. Correct pagination, or the service.",
                    who=self.client.who,
                ),
                field="config.pagination",
            )
        asked.add(mark)
        if count >= self.max_pages:
            raise DataError(
                say(
                    "{who} is not at its end after {count} pages. Raise max_pages, or ask "
                    "for fewer records.",
                    who=self.client.who,
                    count=count,
                ),
                field="config.max_pages",
            )

    def _first(self) -> Call:
        call, paging = self.first, self.pagination
        if paging.size_parameter and paging.size:
            call = self._with(call, paging.size_parameter, paging.size)
        if paging.kind in ("page", "offset"):
            call = self._with(call, paging.name, paging.first)
        return call

    def _with(self, call: Call, name: str, value: Scalar) -> Call:
        if not self.pagination.in_body:
            return replace(call, query={**call.query, name: value})
        body = call.body or {}
        if not isinstance(body, Mapping):
            raise ConfigError(
                say("the body is a list, which has no place for the page. Make it an object."),
                field="config.body",
            )
        return replace(call, body={**body, name: value})

    def _ask(self, call: Call) -> Answer:
        if call.body is None:
            answer = self.client.send(self.method, call.url, query=call.query)
        else:
            body = json.dumps(call.body, ensure_ascii=False).encode()
            answer = self.client.send(
                self.method, call.url, query=call.query, body=body, headers=_HEADERS
            )
        if not 200 <= answer.status < 300:
            raise self.client.refusal(answer)
        return answer

    def _content(self, answer: Answer) -> Any:
        if not answer.body.strip():
            # As many services say that there is nothing.
            return [] if answer.status == 204 else self._no_json(answer, say("it is empty"))
        try:
            return json.loads(answer.body, parse_constant=_refuse_constant)
        except RecursionError:
            return self._no_json(answer, say("it is nested too deeply"))
        except ValueError as exc:
            # Only the place is said; the text itself comes as the excerpt, without secrets.
            if not isinstance(exc, json.JSONDecodeError):
                return self._no_json(answer, say("it cannot be read"))
            return self._no_json(answer, say("it cannot be read at line {line}", line=exc.lineno))

    def _no_json(self, answer: Answer, why: str) -> Any:
        said = self.client.excerpt(answer.body)
        raise DataError(
            say(
                "the answer of {url} is no JSON: {why}{begins}. Correct the address, or ask the "
                "service for JSON with a header or parameter.",
                url=answer.url,
                why=why,
                begins=say(", and begins: {said}", said=said) if said else "",
            )
        )

    def _records(self, content: Any, answer: Answer) -> list[Any]:
        if answer.status == 204 and content == []:
            return []
        found = json_path.find(content, json_path.parse(self.records))
        if found is None:
            # Some services write an empty list so.
            return []
        if isinstance(found, dict):
            return [found]
        if isinstance(found, list):
            return found
        names = ", ".join(list(content)[:20]) if isinstance(content, dict) else None
        raise DataError(
            say(
                "the answer of {url}{has}, holds {what} {where}. Correct records, the path to "
                "the list of records.",
                url=answer.url,
                has="" if names is None else say(", which has: {names}", names=names),
                what=say("nothing") if found is MISSING else say("no list"),
                where=say("at '{path}'", path=self.records) if self.records else say("at its top"),
            ),
            field="config.records",
        )

    def _next(
        self, call: Call, answer: Answer, content: Any, got: int, pages: int, total: int
    ) -> Call | None:
        paging = self.pagination
        if paging.kind in ("page", "offset"):
            if got == 0 or (paging.size is not None and got < paging.size):
                return None
            done = pages if paging.kind == "page" else total
            return self._with(call, paging.name, paging.first + done)
        if paging.kind == "cursor":
            cursor = self._found(content, answer)
            return None if cursor is None else self._with(call, paging.name, cursor)
        if paging.kind == "link":
            return self._at(answer.links.get("next", {}).get("url"), call, answer)
        if paging.kind == "next_url":
            return self._at(self._found(content, answer), call, answer)
        return None

    def _found(self, content: Any, answer: Answer) -> str | int | None:
        found = json_path.find(content, json_path.parse(self.pagination.path or ""))
        if found is MISSING or found is None or found is False or found == "":
            return None
        if isinstance(found, str | int):
            return found
        raise DataError(
            say(
                "the answer of {url} holds no text at '{path}'. Correct the path under pagination.",
                url=answer.url,
                path=self.pagination.path,
            ),
            field="config.pagination",
        )

    def _at(self, url: object, call: Call, answer: Answer) -> Call | None:
        if not url:
            return None
        target = resolved(call.url, str(url))
        if origin(target) != self.client.origin:
            raise ConfigError(
                say(
                    "{url} names a next page on another server, {target}, where the "
                    "credentials must not go. Correct the address of the connection to the "
                    "one that the service uses itself (scheme and port count), or the "
                    "service.",
                    url=answer.url,
                    target=self.client.shown(target),
                ),
                field="config.pagination",
            )
        return Call(target, {}, call.body)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
