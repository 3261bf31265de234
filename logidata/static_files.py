"""The admin's and the API pages' scripts and styles, served by the application itself."""

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise for a project that may or may not have run `collectstatic`.

    Without it (a checkout, a test) there is no folder to warn about: the files come from the apps.
    """

    def add_files(self, root: str | Path, prefix: str | None = None) -> None:
        """Serve the files of a folder, if it is there."""
        if Path(root).is_dir():
            super().add_files(root, prefix)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """Return a file whole.

        WhiteNoise gives a stream, all of which Django would read before it sends the first part,
        and warn, for the stream is not an asynchronous one.
        """
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        answer = HttpResponse(content, status=int(found.status))
        # WhiteNoise has its own, and none where nothing was modified.
        del answer["Content-Type"]
        for name, value in found.headers:
            answer[name] = value
        if found.file is not None:
            # Not what it was when the server began: an update may have replaced the file.
            answer["Content-Length"] = str(len(content))
        return answer
