"""The admin's and the API pages' scripts and styles, served by the application itself."""

from pathlib import Path

from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise for a project that may or may not have run `collectstatic`.

    Without it (a checkout, a test) there is no folder to warn about: the files come from the apps.
    """

    def add_files(self, root: str | Path, prefix: str | None = None) -> None:
        """Serve the files of a folder, if it is there."""
        if Path(root).is_dir():
            super().add_files(root, prefix)
