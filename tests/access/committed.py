"""The committed matrix of answers, read back. `test_matrix` compares it with the true answers."""

from functools import cache
from pathlib import Path

MATRIX = Path(__file__).with_name("matrix.txt")


@cache
def _answers() -> dict[tuple[str, str, str], int]:
    header, *rows = (line.split() for line in MATRIX.read_text().splitlines())
    return {
        (method, label, reader): int(status)
        for method, label, *statuses in rows
        for reader, status in zip(header, statuses, strict=True)
    }


def committed(method: str, label: str, reader: str) -> int | None:
    """The answer that the matrix has; None where it has none (yet).

    Sweeps pass over whom a page refuses: to ask everybody for everything once more took them as long as what they are for.
    """
    return _answers().get((method, label, str(reader)[:9]))
