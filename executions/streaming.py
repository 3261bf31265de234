"""Answers that are sent while they are made, whatever serves them."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streamed(
    request: HttpRequest, chunks: Iterator[bytes], *, content_type: str, filename: str
) -> StreamingHttpResponse:
    """Return an answer that is saved as a file of that name (an ASCII name without quotes)."""
    # Given a plain iterator under ASGI, Django would hold all of it in memory before it sends.
    body = _awaited(chunks) if isinstance(request, ASGIRequest) else chunks
    return StreamingHttpResponse(
        body,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


async def _awaited(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    # Reading may take a while: not in the one thread that all requests share.
    following = sync_to_async(lambda: next(chunks, None), thread_sensitive=False)
    while (chunk := await following()) is not None:
        yield chunk
