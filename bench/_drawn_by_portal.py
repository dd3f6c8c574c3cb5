"""The same documents with the portal's own typesetter, from the same invented results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import django


def start(_fonts: Path, contents: dict[str, list[Any]]) -> Callable[[str, int], bytes]:
    """The fonts are those of the settings, which are the same files."""
    django.setup()
    from datetime import UTC, datetime

    from bench._documents import YEAR, annex, notice
    from partyschool.common.pdf import build_notice, build_parts

    small = contents["small"] == [True]
    ready = {
        "notice": [notice(index, small=small) for index in range(len(contents["notice"]))],
        "list": [annex(index, small=small) for index in range(len(contents["list"]))],
        "page": [notice(index, small=True) for index in range(len(contents["page"]))],
    }
    created = datetime(YEAR + 1, 3, 2, tzinfo=UTC)

    def draw(kind: str, index: int) -> bytes:
        document = ready[kind][index]
        if kind == "list":
            return build_parts(document.title, [document], created=created, author="党校").content
        return build_notice(document).content

    return draw
