"""Every URL as every role, with own, sibling and cousin objects, against the committed matrix.

`matrix.txt` is read and changed by people: run with WRITE_MATRIX=1 after adding a URL, then review the difference line by line.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from partyschool.accounts.checks import iter_patterns
from tests.access.world import CANARIES, CODES, HIDDEN, READERS, World, build_world

MATRIX = Path(__file__).with_name("matrix.txt")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


# Which model a URL argument names, where its name alone does not say it.
ARGUMENTS = {
    "offering_id": "courses.Offering",
    "cadre_id": "trainees.Cadre",
    "lesson_id": "courses.Lesson",
    "round_id": "courses.SelectionRound",
    "packet_id": "trainees.ReportPacket",
    "job_id": "jobs.Job",
    "file_id": "jobs.StoredFile",
    "notice_id": "notices.Notice",
    "scheme_id": "trainees.CreditScheme",
    "user_id": "accounts.User",
}
OWNERS = {"jobs:": "jobs.Job", "notices:": "notices.Notice"}
FIXED = {
    "code": CODES["own"],
    "app_label": "trainees",
    "url": "nowhere/",
    "year": 2025,
    "indicator": "full_time_teachers",
}
# Django's own word catalogue; an address that always answers 404; the state of the servers, which is no matter of roles.
LEFT_OUT = {"admin:jsi18n", "admin:view_on_site", "home:readyz"}


def _model_of(name: str, argument: str) -> Any:
    if argument in ARGUMENTS:
        return apps.get_model(ARGUMENTS[argument])
    for prefix, label in OWNERS.items():
        if name.startswith(prefix):
            return apps.get_model(label)
    if argument == "object_id":
        match = re.match(r"admin:([a-z]+)_([a-z]+)_", name)
        if match:
            model = apps.get_model(match[1], match[2])
            return model._meta.concrete_model
    raise LookupError(f"Teach tests/access which object {name} means by '{argument}'.")


def _variants(world: World, name: str, arguments: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whose objects a URL is tried with, and its arguments for each."""
    free = {argument: FIXED[argument] for argument in arguments if argument in FIXED}
    models = {argument: _model_of(name, argument) for argument in arguments if argument not in FIXED}
    owners = {whose for model in models.values() for whose in world.objects[model]} or {""}
    if owners != {""}:
        owners.discard("")
    for whose in sorted(owners):
        chosen = {
            argument: world.objects[model].get(whose) or world.objects[model].get("")
            for argument, model in models.items()
        }
        if all(chosen.values()):
            yield whose, {**free, **{argument: thing.pk for argument, thing in chosen.items()}}


def _urls(world: World) -> list[tuple[str, str]]:
    """(label, address) of everything that can be asked for."""
    found = {}
    for route, namespaces, pattern in iter_patterns(get_resolver()):
        name = ":".join([*namespaces, pattern.name]) if pattern.name else route
        if name in LEFT_OUT:
            continue
        arguments = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
        if not pattern.name:
            if arguments:
                continue  # the admin's catch-all and its old change addresses, which redirect
            found[name] = "/" + route
            continue
        for whose, kwargs in _variants(world, name, arguments):
            found[f"{name}[{whose}]" if whose else name] = reverse(name, kwargs=kwargs)
    return sorted(found.items())


@contextmanager
def _undone() -> Iterator[None]:
    """Whatever a request writes is taken back, also by services that insist on an outermost transaction."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


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
        for label, address in _urls(world):
            for method in _methods(label):
                with _undone():
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
