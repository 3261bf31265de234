"""Why a channel did not take a message, in words that hold nothing of what it answered.

Who may change channels chooses where LogiData sends: what is found there is not theirs to read.
"""

import http.client
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import requests
import urllib3
from celery.exceptions import SoftTimeLimitExceeded

from etl.messages import Message, join, say

# Seconds to connect, to wait for an answer, and for all together.
CONNECT_SECONDS, ANSWER_SECONDS, SEND_SECONDS = 5.0, 10.0, 60

# How every plug-in of apprise ends what it says of an answer.
_STATUS = re.compile(r"\berror=(\d{3})\b", re.ASCII)
_FORBIDDEN, _GONE, _BUSY = frozenset({401, 403}), frozenset({404, 410}), frozenset({408, 429})
_DOWN = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Reason:
    """Why, as a sentence, and whether any other message would fare the same for a while."""

    text: str
    is_away: bool = False


def reason_of(error: BaseException | None, warnings: Sequence[str]) -> Reason:
    """Return why a message was not taken: of the error that ended it, or of apprise's warnings."""
    if error is not None:
        return _of_error(error)
    for warning in warnings:
        if (found := _STATUS.search(warning)) is not None:
            return _of_status(int(found[1]))
    return Reason(say("The channel did not take the message. The log of LogiData may say more."))


def _of_status(code: int) -> Reason:
    try:
        answer = f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        answer = str(code)
    said = say("The channel answered {answer}.", answer=answer)
    remedy = _remedy(code)
    return Reason(join([said, remedy]) if remedy else said, is_away=code in _BUSY | _DOWN)


def _remedy(code: int) -> Message | None:
    if code in _FORBIDDEN:
        return say("See whether the token or the password in its address is still right.")
    if code in _GONE:
        return say("See whether its address is right, and whether it still exists.")
    if code in _BUSY:
        return say("It wants fewer messages for a while.")
    if 300 <= code < 400:
        return say("It is elsewhere. Enter the address to which this one leads.")
    if 400 <= code < 500:
        return say("See whether its address is right, and its service takes such messages.")
    return None


def _of_error(error: BaseException) -> Reason:
    causes = list(_causes(error))
    for kinds, text, is_away in _known():
        if any(isinstance(cause, kinds) for cause in causes):
            return Reason(text, is_away)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Reason(
                say(
                    "The certificate of the channel's server is not accepted: {why}.",
                    why=cause.verify_message.rstrip("."),
                ),
                is_away=True,
            )
        if isinstance(cause, ssl.SSLError):
            return Reason(
                say(
                    "No safe connection (TLS) comes about: {why}. See whether its port is right.",
                    why=cause.reason or type(cause).__name__,
                ),
                is_away=True,
            )
        if isinstance(cause, smtplib.SMTPResponseException):
            said = say("The mail server refused the message with {code}.", code=cause.smtp_code)
            return Reason(said, is_away=cause.smtp_code < 500)
    if isinstance(error, OSError | smtplib.SMTPException):
        kind = type(causes[-1]).__name__
        said = say("The channel's server cannot be reached ({error}).", error=kind)
        return Reason(said, is_away=True)
    return Reason(
        say(
            "The service's own code failed ({error}). The log of LogiData may say more.",
            error=type(error).__name__,
        )
    )


def _known() -> list[tuple[tuple[type[BaseException], ...], Message, bool]]:
    """Return kinds of errors with what they mean, the narrower ones first."""
    no_name = say("The name of the channel's server is not known (DNS). See whether it is right.")
    refused = say(
        "The channel's server refuses the connection. See whether host and port are right."
    )
    no_way = say(
        "No connection within {seconds:g} seconds. A firewall may be in the way.",
        seconds=CONNECT_SECONDS,
    )
    login = say("The mail server refused the user or the password.")
    recipients = say("The mail server refused the recipients, or the sender.")
    proxy = say("The proxy that leads out of here does not let the message through.")
    closed = say("The channel's server closed the connection instead of an answer.")
    no_http = say(
        "The channel's server does not answer as a web server. See whether its port is right."
    )
    return [
        ((SoftTimeLimitExceeded,), _no_answer(SEND_SECONDS), True),
        ((requests.exceptions.ProxyError,), proxy, True),
        ((socket.gaierror, urllib3.exceptions.NameResolutionError), no_name, True),
        ((ConnectionRefusedError,), refused, True),
        (
            (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
            no_way,
            True,
        ),
        ((requests.exceptions.ReadTimeout, TimeoutError), _no_answer(ANSWER_SECONDS), True),
        ((smtplib.SMTPAuthenticationError,), login, False),
        ((smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused), recipients, False),
        ((ConnectionError, smtplib.SMTPServerDisconnected), closed, True),
        ((http.client.HTTPException,), no_http, True),
    ]


def _no_answer(seconds: float) -> Message:
    return say("The channel's server did not answer within {seconds:g} seconds.", seconds=seconds)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it is made of: libraries wrap what they are told."""
    waiting, seen = [error], set()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inner = [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
        waiting += [one for one in inner if isinstance(one, BaseException)]
