"""Handing out a file: as a download, never as a page of the portal, kept by no cache. Whether the reader may have it is the view's affair."""

import io
import re
from pathlib import PurePath
from typing import IO
from urllib.parse import quote

from django.http import FileResponse

from . import clock
from .filenames import safe_filename

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def download_bytes(content: bytes, *, name: str, content_type: str, code: str = "") -> FileResponse:
    """`content` as a download: see `download_response`."""
    return download_response(
        io.BytesIO(content), name=name, content_type=content_type, size=len(content), code=code
    )


def download_response(
    content: IO[bytes], *, name: str, content_type: str, size: int | None = None, code: str = ""
) -> FileResponse:
    """`content` (closed by the response) as a download named `name`, `size` bytes long where known.

    The name is made safe once more; RFC 5987 `filename*` carries it whole, `filename` an ASCII stand-in for old programs: what of the
    name they can read, after `code`, the number under which the thing is known here; where there is neither, today's date.
    The browser may neither guess another type nor run anything in it (`nosniff`, `sandbox`).
    """
    path = PurePath(name)
    extension = path.suffix[1:].lower()
    whole = safe_filename(path.stem, extension if re.fullmatch("[a-z0-9]{1,10}", extension) else "bin")
    plain = _plain_stem(PurePath(whole).stem, code) + PurePath(whole).suffix
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


def _plain_stem(stem: str, code: str) -> str:
    readable, number = (_NOT_PLAIN.sub("_", text).strip("_.") for text in (stem, code))
    parts = [readable] if number in readable else [number, readable]
    return "_".join(part for part in parts if part) or clock.school_date().isoformat()
