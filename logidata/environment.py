"""Reading of environment variables that fails by name."""

import math
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Environment(environ.Env):
    """The process's environment; a missing or malformed variable raises ImproperlyConfigured."""

    def text(self, name: str, default: str | None = None) -> str:
        """Return the variable as it stands, or the default; an empty one counts as missing.

        Read without django-environ's `$OTHER` substitution: a generated password may well begin
        with a dollar sign.
        """
        value = self.ENVIRON.get(name) or default
        if value is None:
            raise ImproperlyConfigured(f"Set the environment variable {name}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false; anything that is neither is refused rather than taken as false."""
        value = self.text(name, str(default)).strip().lower()
        if value not in _TRUE | _FALSE:
            raise _malformed(name, value, "write true or false")
        return value in _TRUE

    def seconds(self, name: str, default: float) -> float:
        """Return a positive number of seconds."""
        return self._positive(name, default, "a positive number of seconds")

    def days(self, name: str, default: float) -> float:
        """Return a positive number of days."""
        return self._positive(name, default, "a positive number of days")

    def megabytes(self, name: str, default: float) -> float:
        """Return a positive number of megabytes."""
        return self._positive(name, default, "a positive number of megabytes")

    def count(self, name: str, default: int) -> int:
        """Return a positive whole number."""
        number = self._positive(name, default, "a positive whole number")
        if number != int(number):
            raise _malformed(name, str(number), "write a positive whole number")
        return int(number)

    def names(self, name: str, default: str = "") -> list[str]:
        """Return the comma-separated values, without blanks."""
        value = self.ENVIRON.get(name, default)
        return [part.strip() for part in value.split(",") if part.strip()]

    def log_level(self, name: str, default: str = "INFO") -> str:
        """Return the name of a logging level."""
        value = self.text(name, default).strip().upper()
        if value not in _LEVELS:
            raise _malformed(name, value, f"choose one of {', '.join(_LEVELS)}")
        return value

    def redis(self, name: str) -> str:
        """Return a Redis URL."""
        value = self.text(name)
        if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise _malformed(name, None, "write redis://host:port/number")
        return value

    def http(self, name: str, default: str | None = None) -> str:
        """Return an http(s) URL, without a slash at its end; one with a login is refused.

        An empty default makes it one that may be left out.
        """
        value = self.text(name, default).strip().rstrip("/")
        if not value and default is not None:
            return default
        if "@" in value:
            # The URL is quoted in errors that people see.
            remedy = "write http://host:port, without user and password"
            raise _malformed(name, None, remedy)
        try:
            parts = urlsplit(value)
        except ValueError:
            raise _malformed(name, value, "write http://host:port") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise _malformed(name, value, "write http://host:port")
        return value

    def postgres(self, name: str) -> dict[str, Any]:
        """Return Django's database settings for a libpq URL, Unix-socket hosts included."""
        value = self.text(name)
        example = "write postgresql://user:password@host:5432/database"
        if urlsplit(value).scheme not in {"postgres", "postgresql"}:
            raise _malformed(name, None, example)
        try:
            parts = {key: str(part) for key, part in conninfo_to_dict(value).items()}
        except ProgrammingError:
            # libpq's own text quotes the URL, and with it the password.
            raise _malformed(name, None, example) from None
        if not parts.get("dbname"):
            raise _malformed(name, None, f"it names no database; {example}")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.pop("dbname"),
            "USER": parts.pop("user", ""),
            "PASSWORD": parts.pop("password", ""),
            "HOST": parts.pop("host", ""),
            "PORT": parts.pop("port", ""),
            "OPTIONS": {"connect_timeout": "3", **parts},
        }

    def _positive(self, name: str, default: float, what: str) -> float:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            raise _malformed(name, value, f"write {what}")
        return number


def _malformed(name: str, value: str | None, remedy: str) -> ImproperlyConfigured:
    """Name the variable; quote its value only where it can hold no secret (value not None)."""
    shown = "" if value is None else f" is {value!r}, which"
    return ImproperlyConfigured(f"Environment variable {name}{shown} cannot be used: {remedy}.")
