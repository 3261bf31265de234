"""Secrets at rest: encrypted with a key that follows from Django's SECRET_KEY."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

# Sets this key apart from others that are made of the same SECRET_KEY.
_PURPOSE = b"logidata alert channels 1:"


class Unreadable(Exception):
    """The text was sealed with another SECRET_KEY."""


def seal(text: str) -> str:
    """Return the text encrypted, as ASCII."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed; raise Unreadable if SECRET_KEY is another one now.

    Keys in Django's SECRET_KEY_FALLBACKS are tried, too.
    """
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(str(key))) for key in keys])


def _derived(secret: str) -> bytes:
    digest = hashlib.sha256(_PURPOSE + secret.encode()).digest()
    return base64.urlsafe_b64encode(digest)
