"""Every URL as every role, with own, sibling and cousin objects, against the committed matrix.

`matrix.txt` is read and changed by people: run with WRITE_MATRIX=1 after adding a URL, then review the difference line by line.
"""

import os
import re

import pytest
from django.test import Client

from tests.access.addresses import every_address, undone
from tests.access.committed import MATRIX
from tests.access.world import CANARIES, HIDDEN, READERS, World, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def _methods(label: str) -> tuple[str, ...]:
    """The admin's reading pages take no input worth a second try."""
    reading = label.startswith("admin:") and label.partition("[")[0].endswith(("_changelist", "_history"))
    return ("GET",) if reading else ("GET", "POST")


def _walk(world: World) -> tuple[dict[str, list[str]], list[str]]:
    table: dict[str, list[str]] = {}
    leaks: list[str] = []
    for reader in READERS:
        client = Client(raise_request_exception=False)
        user = world.users[reader]
        if user is not None:
            client.force_login(user)
        for label, address in every_address(world):
            for method in _methods(label):
                with undone():
                    response = client.generic(
                        method, address, content_type="application/x-www-form-urlencoded"
                    )
                    body = b"".join(response.streaming_content) if response.streaming else response.content
                if "logout" in label and method == "POST" and user is not None:
                    client.force_login(user)
                table.setdefault(f"{method:4} {label}", []).append(str(response.status_code))
                text = body.decode("utf-8", "replace")
                leaks += [
                    f"{reader} sees {whose} at {method} {label}"
                    for whose in HIDDEN.get(reader, ())
                    if CANARIES[whose] in text
                ]
    return table, leaks


def _render(table: dict[str, list[str]]) -> str:
    width = max(map(len, table))
    header = " " * width + " " + " ".join(f"{reader[:9]:>9}" for reader in READERS)
    rows = [
        f"{label:<{width}} " + " ".join(f"{status:>9}" for status in statuses)
        for label, statuses in sorted(table.items(), key=lambda row: (row[0][5:], row[0]))
    ]
    return "\n".join([header, *rows]) + "\n"


def test_every_url_answers_every_role_as_committed():
    table, leaks = _walk(build_world())
    found = _render(table)
    if os.environ.get("WRITE_MATRIX"):
        MATRIX.write_text(found)
    assert leaks == []
    assert found.splitlines() == MATRIX.read_text().splitlines()


def test_no_answer_is_a_fault():
    faults = [line for line in MATRIX.read_text().splitlines() if re.search(r"\b5\d\d\b", line)]
    assert faults == []
