"""Rules of the house that no linter knows, read from the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("partyschool", "faculty", "courses", "trainees", "budget")
LONG, TOO_LONG = 400, 500
TAGS_WITH_ADDRESS = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']([^"']*)""", re.I
)
INLINE = {
    "a script without src": re.compile(r"<script\b(?![^>]*\b(?:src=|type=[\"']application/json))", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.I),
    "an event attribute": re.compile(
        r"<[a-z][^>]*\son(?:click|change|submit|load|input|error|focus|blur)\s*=", re.I
    ),
}
WAIVER = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
WAIVER_WITH_REASON = re.compile(
    r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\])\s+(?:#|-|–)\s*\S+"
)


def sources(*folders: str, suffix: str = ".py") -> Iterator[Path]:
    """Files of the house with ``suffix``, migrations left out."""
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob(f"*{suffix}")):
            if "migrations" not in path.parts:
                yield path


def lines_with(pattern: re.Pattern[str], paths: Iterator[Path]) -> list[str]:
    """Every line that matches, as ``path:number``."""
    return [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def in_views(path: Path) -> bool:
    """Whether a file belongs to an app's views."""
    return "views" in path.parts or path.name == "views.py"


def test_no_file_is_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = {
        path.relative_to(PROJECT): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(*PACKAGES, "tests", "bench")
    }
    with capsys.disabled():
        for path, length in lengths.items():
            if LONG < length <= TOO_LONG:
                print(f"\n{path} has {length} lines and asks to be two files", end="")
    assert {path: length for path, length in lengths.items() if length > TOO_LONG} == {}


def test_views_never_step_outside_the_scope() -> None:
    assert (
        lines_with(re.compile(r"\.unscoped\("), (path for path in sources(*PACKAGES) if in_views(path))) == []
    )


def test_views_and_tasks_write_nothing_themselves() -> None:
    writers = {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
    found = [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.func.attr}"
        for path in sources(*PACKAGES)
        if in_views(path) or path.name == "tasks.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in writers
    ]
    assert found == []


def test_every_waiver_has_a_code_and_a_reason() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in sources(*PACKAGES, "tests", "bench")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WAIVER.search(line) and not WAIVER_WITH_REASON.search(line)
    ]
    assert found == []


def test_pages_load_nothing_from_elsewhere() -> None:
    found = [
        f"{path.relative_to(PROJECT)}: {address}"
        for path in sources("templates", suffix=".html")
        for address in TAGS_WITH_ADDRESS.findall(path.read_text(encoding="utf-8"))
        if address.startswith(("http:", "https:", "//"))
    ]
    found += lines_with(
        re.compile(r"(?:url\(|@import|import\s)[\s\"']*(?:https?:)?//"), sources("static", suffix=".css")
    )
    found += lines_with(re.compile(r"(?:from|import\()\s*[\"']https?://"), sources("static", suffix=".js"))
    assert found == []


@pytest.mark.parametrize("kind", INLINE)
def test_pages_have_nothing_inline_that_the_content_policy_refuses(kind: str) -> None:
    found = [
        str(path.relative_to(PROJECT))
        for path in sources("templates", suffix=".html")
        if INLINE[kind].search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    pattern = re.compile(r"pytest\.(?:skip|importorskip|xfail)\(|mark\.(?:skip|skipif|xfail)\b")
    assert lines_with(pattern, (path for path in sources("tests") if path != Path(__file__))) == []


def test_nothing_is_left_for_later() -> None:
    pattern = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
    paths = (path for path in sources(*PACKAGES, "tests", "bench") if path != Path(__file__))
    assert lines_with(pattern, paths) == []
