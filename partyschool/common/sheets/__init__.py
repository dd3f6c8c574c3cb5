"""Reading tables that strangers filled in: Excel workbooks and text files, in a process of its own with little memory and time.

What is refused is refused before it is parsed: the size of the upload, of what it unpacks to, the number of its parts, then rows and
columns. Whatever still breaks the reader breaks a process that holds nothing.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .errors import FileTooLarge, PasswordProtected, UnreadableFile, refusal

__all__ = [
    "FileTooLarge",
    "Limits",
    "PasswordProtected",
    "Sheet",
    "SheetReader",
    "UnreadableFile",
    "check_size",
]

CHILD = Path(__file__).with_name("child.py")
Cell = str | float | int | bool
"""A cell as it is stored. Empty is `""`; a date or time is its ISO text behind a NUL (`\\0`), so that every cell can be a key."""
Merge = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Limits:
    """How much of one file is read. Bytes, `seconds`, else counts; `rows` and `columns` are those of a sheet with its headings."""

    size: int = 10 << 20
    parts: int = 200
    unpacked: int = 50 << 20
    ratio: int = 100
    sheets: int = 20
    rows: int = 20_020
    columns: int = 60
    memory: int = 768 << 20
    seconds: int = 30


@dataclass(frozen=True)
class Sheet:
    """One sheet in the file's order. Rows and columns count from 0, from the sheet's own first cell; a hidden sheet is not read.

    `height` is the number of its rows, of a text file that of its lines. `text` is true where every cell is a text because the file
    knows nothing else (CSV).
    """

    name: str
    hidden: bool = False
    row: int = 0
    column: int = 0
    height: int = 0
    text: bool = False
    merges: list[Merge] = field(default_factory=list)
    _lines: Iterator[Any] = field(default_factory=lambda: iter(()), repr=False, compare=False)

    def chunks(self) -> Iterator[list[list[Cell]]]:
        """The rows, some hundred at a time, each from column `column` on; to be read once, before the next sheet."""
        yield from self._lines


def check_size(content: bytes, limits: Limits) -> None:
    """Raises `FileTooLarge`, or `UnreadableFile` for a file with nothing in it."""
    if not content.strip():
        raise refusal("empty", {})
    if len(content) > limits.size:
        raise refusal("bytes", {"number": f"{len(content) / (1 << 20):.1f}", "most": limits.size >> 20})


class SheetReader:
    """Opens `content` and hands out its sheets one after the other, while they are still being read.

    Use as a context manager. Raises `UnreadableFile` and its kinds: on entering, or while sheets and rows are read.
    """

    def __init__(self, content: bytes, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        check_size(content, self.limits)
        self._content = content
        self._late = False

    def __enter__(self) -> Self:
        # Memory that has no name in any file system: the other process begins to read at once, and nothing of it stays.
        with os.fdopen(os.memfd_create("table"), "w+b") as given:
            given.write(self._content)
            given.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(CHILD), json.dumps(asdict(self.limits))],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        self._timer = threading.Timer(self.limits.seconds, self._kill)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._process.kill()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def _kill(self) -> None:
        self._late = True
        self._process.kill()

    def sheets(self) -> Iterator[Sheet]:
        """The sheets in order. What was not read of one is passed over when the next is asked for."""
        answers = self._answers()
        for head in answers:
            if "done" in head:
                return
            if head.get("hidden"):
                yield Sheet(name=head["sheet"], hidden=True)
                continue
            merges = [((first[0], first[1]), (last[0], last[1])) for first, last in head["merges"]]
            rows = self._rows(answers)
            yield Sheet(
                name=head["sheet"],
                row=head["row"],
                column=head["column"],
                height=head["height"],
                text=head.get("text", False),
                merges=merges,
                _lines=rows,
            )
            for _passed in rows:
                continue

    @staticmethod
    def _rows(answers: Iterator[Any]) -> Iterator[list[list[Cell]]]:
        for answer in answers:
            if isinstance(answer, dict):
                return
            yield answer

    def _answers(self) -> Iterator[Any]:
        """The lines of the reading process, up to its end. A process that ends without one was ended by its limits."""
        assert self._process.stdout  # noqa: S101 -- it was asked for
        for line in self._process.stdout:
            try:
                answer = json.loads(line)
            except ValueError:
                break  # killed in the middle of a line
            if isinstance(answer, dict) and "refused" in answer:
                raise refusal(answer["refused"], answer["facts"])
            yield answer
            if isinstance(answer, dict) and "done" in answer:
                return
        raise refusal("time" if self._late else "memory", {})
