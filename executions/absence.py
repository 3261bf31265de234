"""Something that goes and comes back, like Redis: the log says so once, not again and again."""

import logging


class Absence:
    """Whether something is away, as those who tried to reach it have noticed."""

    def __init__(self, logger: logging.Logger, *, gone: str, back: str) -> None:
        self._logger = logger
        self._gone, self._back = gone, back
        self._is_away = False

    @property
    def is_away(self) -> bool:
        """Whether it could not be reached when somebody last tried."""
        return self._is_away

    def begin(self, error: BaseException) -> bool:
        """Note that it could not be reached; return whether that is new, and log what it means."""
        is_new, self._is_away = not self._is_away, True
        if is_new:
            self._logger.warning("%s: %s", self._gone, str(error) or type(error).__name__)
        return is_new

    def end(self) -> bool:
        """Note that it was reached; return whether it was away before, and log that it is back."""
        was_away, self._is_away = self._is_away, False
        if was_away:
            self._logger.warning("%s.", self._back)
        return was_away
