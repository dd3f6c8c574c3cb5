"""Handing out a file: as a download, never as a page of the portal, kept by no cache. Whether the reader may have it is the view's affair."""

import re
from pathlib import PurePath
from typing import IO
from urllib.parse import quote

from django.http import FileResponse

from .filenames import safe_filename

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def download_response(
    content: IO[bytes], *, name: str, content_type: str, size: int | None = None
) -> FileResponse:
    """`content` (closed by the response) as a download named `name`, `size` bytes long where known.

    The name is made safe once more; RFC 5987 `filename*` carries it whole, `filename` an ASCII stand-in for old programs.
    The browser may neither guess another type nor run anything in it (`nosniff`, `sandbox`).
    """
    path = PurePath(name)
    extension = path.suffix[1:].lower()
    whole = safe_filename(path.stem, extension if re.fullmatch("[a-z0-9]{1,10}", extension) else "bin")
    stem = _NOT_PLAIN.sub("_", PurePath(whole).stem).strip("_.") or "file"
    plain = stem + PurePath(whole).suffix
    response = FileResponse(content, content_type=content_type)
    response["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    if size is not None:
        response["Content-Length"] = str(size)
    return response
